/** What people have done: pages of it, newest first, the first one read anew when somebody has done something. */
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { fetchActs, type ActShown, type LiveChange } from "../api";
import type { Live } from "../live/client";

export const PAGE = 50;
/** Enough to look back some weeks; whoever needs more asks the API. */
export const MOST = 1_000;
const READ_AGAIN_MS = 1_000;

export interface Acts {
  acts: ShallowRef<ActShown[]>;
  state: Ref<"loading" | "shown" | "failed">;
  hasOlder: Ref<boolean>;
  showOlder(): void;
  retry(): void;
}

export function useActs(live: Live, station: string | undefined): Acts {
  const acts = shallowRef<ActShown[]>([]);
  const state = ref<"loading" | "shown" | "failed">("loading");
  const hasOlder = ref(false);
  let older: number | null = null;
  let isBusy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** The newest page joins what is shown already: what it holds as well is taken from it, a command's answer may be new. */
  async function read(before: number | null): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    try {
      const page = await fetchActs({ station, before, limit: PAGE });
      const isFirst = acts.value.length === 0;
      const byId = new Map([...acts.value, ...page.acts].map((act) => [act.id, act]));
      acts.value = [...byId.values()].sort((a, b) => b.id - a.id).slice(0, MOST);
      if (before !== null || isFirst) older = page.next_before;
      hasOlder.value = older !== null && acts.value.length < MOST;
      state.value = "shown";
    } catch (error) {
      console.error("loading the acts failed", error);
      state.value = "failed";
    } finally {
      isBusy = false;
    }
  }

  /** An order or a question changes the station's picture without a record; an answer is one. */
  function mayBeNews(change: LiveChange | null): boolean {
    if (change === null) return true;
    if (station !== undefined && change.station.id !== station) return false;
    return change.event === null || change.event.kind.startsWith("command.");
  }

  const stop = live.follow((change) => {
    if (!mayBeNews(change)) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void read(null);
    }, READ_AGAIN_MS);
  });
  onScopeDispose(() => {
    stop();
    clearTimeout(timer);
  });
  void read(null);
  return {
    acts,
    state,
    hasOlder,
    showOlder: () => void read(older),
    retry: () => void read(null),
  };
}
