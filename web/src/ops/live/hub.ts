/**
 * One live connection for all tabs of a browser. The hub runs in a SharedWorker (or, where there is none, in the page itself),
 * keeps the folded fleet, gives each new tab a snapshot of it and passes every change on.
 */
import { SseConnection, type Link, type SseMessage } from "@/shared/sse";
import { LIVE_URL, type LiveChange, type LiveSnapshot } from "../api";
import { applyChange, fromSnapshot, toSnapshot, type Fleet } from "./fold";

export type ToTab =
  | { kind: "snapshot"; snapshot: LiveSnapshot }
  | { kind: "change"; change: LiveChange }
  | { kind: "link"; link: Link };

export type FromTab = { kind: "here" } | { kind: "leaving" };

export const LINK_EVERY_MS = 5_000;
export const HERE_EVERY_MS = 20_000;
/** Background tabs may be allowed one timer a minute, so three minutes of silence are a closed tab. */
const TAB_GONE_MS = 180_000;
const MAX_TABS = 64;

interface Tab {
  port: MessagePort;
  heardMs: number;
}

export class LiveHub {
  private fleet: Fleet | null = null;
  private link: Link = { state: "connecting", lastHeardMs: null };
  private tabs: Tab[] = [];

  start(): void {
    const connection = new SseConnection(LIVE_URL, {
      message: (message) => this.message(message),
      link: (link) => this.setLink(link),
    });
    void connection.run();
    setInterval(() => {
      this.dropGoneTabs();
      this.tell({ kind: "link", link: this.link });
    }, LINK_EVERY_MS);
  }

  attach(port: MessagePort): void {
    const tab: Tab = { port, heardMs: Date.now() };
    // The tab that has been silent longest goes; if it is still there, it attaches again.
    if (this.tabs.length >= MAX_TABS) this.tabs.sort((a, b) => a.heardMs - b.heardMs).shift();
    this.tabs.push(tab);
    port.onmessage = ({ data }: MessageEvent<FromTab>) => {
      tab.heardMs = Date.now();
      if (data.kind === "leaving") this.tabs = this.tabs.filter((other) => other !== tab);
    };
    if (this.fleet) post(port, { kind: "snapshot", snapshot: toSnapshot(this.fleet) });
    post(port, { kind: "link", link: this.link });
  }

  private message(message: SseMessage): boolean {
    if (message.event === "snapshot") {
      const snapshot: LiveSnapshot = JSON.parse(message.data);
      this.fleet = fromSnapshot(snapshot);
      this.tell({ kind: "snapshot", snapshot });
      return true;
    }
    if (message.event === "change") {
      const change: LiveChange = JSON.parse(message.data);
      if (!this.fleet) return false;
      const outcome = applyChange(this.fleet, change);
      if (outcome === "applied") this.tell({ kind: "change", change });
      return outcome !== "gap";
    }
    // `reset`: a snapshot follows. Kinds of a newer version are passed over.
    return true;
  }

  private setLink(link: Link): void {
    const changed = link.state !== this.link.state;
    this.link = link;
    if (changed) this.tell({ kind: "link", link });
  }

  private tell(message: ToTab): void {
    for (const { port } of this.tabs) post(port, message);
  }

  private dropGoneTabs(): void {
    const oldest = Date.now() - TAB_GONE_MS;
    this.tabs = this.tabs.filter((tab) => tab.heardMs >= oldest);
  }
}

function post(port: MessagePort, message: ToTab): void {
  port.postMessage(message);
}
