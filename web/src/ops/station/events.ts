/** A station's own timeline: what the cloud has stored, then what comes live, each change number once. */
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { fetchEvents, type Event } from "../api";
import type { Live } from "../live/client";
import { isForPeople } from "../words";

export const LIMITS = [100, 300, 1_000] as const;

export interface StationEvents {
  /** Newest first. */
  events: ShallowRef<Event[]>;
  state: Ref<"loading" | "shown" | "failed">;
  /** Whether there may be older ones that `showOlder` would bring. */
  mayHaveOlder: Ref<boolean>;
  showOlder(): void;
  retry(): void;
}

export function useStationEvents(live: Live, station: string): StationEvents {
  const events = shallowRef<Event[]>([]);
  const state = ref<"loading" | "shown" | "failed">("loading");
  const mayHaveOlder = ref(false);
  let step = 0;
  let request = 0;

  function merge(more: readonly Event[]): void {
    const byChange = new Map([...events.value, ...more].map((event) => [event.change, event]));
    const sorted = [...byChange.values()].sort((a, b) => b.change - a.change);
    events.value = sorted.slice(0, LIMITS[step]);
  }

  async function load(): Promise<void> {
    const mine = ++request;
    const limit = LIMITS[step] ?? LIMITS[0];
    if (events.value.length === 0) state.value = "loading";
    try {
      const page = await fetchEvents(station, limit);
      if (mine !== request) return;
      merge(page.filter(isForPeople));
      mayHaveOlder.value = page.length >= limit && step + 1 < LIMITS.length;
      state.value = "shown";
    } catch (error) {
      if (mine !== request) return;
      console.error("loading the timeline failed", error);
      state.value = "failed";
    }
  }

  const stop = live.follow((change) => {
    // After a new snapshot something may have been missed in between.
    if (change === null) void load();
    else if (change.event?.station === station && isForPeople(change.event)) merge([change.event]);
  });
  onScopeDispose(() => {
    stop();
    request++;
  });
  void load();
  return {
    events,
    state,
    mayHaveOlder,
    showOlder() {
      step = Math.min(step + 1, LIMITS.length - 1);
      void load();
    },
    retry: () => void load(),
  };
}
