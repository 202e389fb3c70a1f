/** A tab's end of the live connection: the fleet as reactive state. */
import { computed, shallowRef, triggerRef, type ComputedRef, type ShallowRef } from "vue";
import type { Link } from "@/shared/sse";
import { now } from "@/shared/time";
import type { Event, LiveChange, StationDetail } from "../api";
import { isForPeople } from "../words";
import { applyChange, fromSnapshot, type Fleet } from "./fold";
import { HERE_EVERY_MS, LiveHub, type FromTab, type ToTab } from "./hub";

/** Changes within this time are shown together: a busy fleet must not redraw the page for each. */
const DRAW_EVERY_MS = 60;
/** A hub that says nothing for so long is dead, whatever it said last. */
const HUB_GONE_MS = 30_000;

export interface Live {
  fleet: ShallowRef<Fleet | null>;
  stations: ComputedRef<StationDetail[]>;
  link: ComputedRef<Link>;
  /** Calls back with each change, and with null when a snapshot has replaced everything. Returns the way to stop it. */
  follow(listener: (change: LiveChange | null) => void): () => void;
}

let live: Live | null = null;

export function useLive(): Live {
  live ??= connect();
  return live;
}

function connect(): Live {
  const fleet = shallowRef<Fleet | null>(null);
  const heard = shallowRef<{ link: Link; atMs: number }>({
    link: { state: "connecting", lastHeardMs: null },
    atMs: Date.now(),
  });
  const listeners = new Set<(change: LiveChange | null) => void>();
  let drawing = false;

  function draw(): void {
    if (drawing) return;
    drawing = true;
    setTimeout(() => {
      drawing = false;
      triggerRef(fleet);
    }, DRAW_EVERY_MS);
  }

  function receive(message: ToTab): void {
    if (message.kind === "snapshot") {
      fleet.value = fromSnapshot(message.snapshot);
      listeners.forEach((listener) => listener(null));
    } else if (message.kind === "change" && fleet.value) {
      if (applyChange(fleet.value, message.change) !== "applied") return;
      draw();
      listeners.forEach((listener) => listener(message.change));
    } else if (message.kind === "link") {
      heard.value = { link: message.link, atMs: Date.now() };
    }
  }

  keepAttached(receive);
  return {
    fleet,
    stations: computed(() => [...(fleet.value?.stations.values() ?? [])]),
    link: computed(() => {
      const { link, atMs } = heard.value;
      if (now.value - atMs <= HUB_GONE_MS) return link;
      return { state: "lost", lastHeardMs: link.lastHeardMs, reason: "silent" };
    }),
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Attaches to the hub, leaves it with the page, and attaches anew when the browser brings the page back from its cache. */
function keepAttached(receive: (message: ToTab) => void): void {
  let port = attach(receive);
  const say = (message: FromTab) => port.postMessage(message);
  setInterval(() => say({ kind: "here" }), HERE_EVERY_MS);
  addEventListener("pagehide", () => say({ kind: "leaving" }));
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) port = attach(receive);
  });
}

let ownHub: LiveHub | null = null;

function attach(receive: (message: ToTab) => void): MessagePort {
  let port: MessagePort;
  if (typeof SharedWorker === "undefined") {
    const { port1, port2 } = new MessageChannel();
    if (!ownHub) {
      ownHub = new LiveHub();
      ownHub.start();
    }
    ownHub.attach(port1);
    port = port2;
  } else {
    const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name: "yizhan-live" });
    port = worker.port;
  }
  port.onmessage = ({ data }: MessageEvent<ToTab>) => receive(data);
  return port;
}

/** The fleet's newest events that people care for, newest first. */
export function newestEvents(fleet: Fleet, count: number): Event[] {
  return fleet.events.filter(isForPeople).slice(-count).reverse();
}
