/**
 * A server-sent event stream read with fetch instead of EventSource, for three things that EventSource hides: the comments
 * that say that the line is alive, the status of a refusal, and the `Last-Event-ID` of a reconnection by hand.
 *
 * The connection reconnects for ever, with a doubling, jittered pause between `FIRST_PAUSE_MS` and `LAST_PAUSE_MS`. A line on
 * which nothing is heard for `SILENCE_MS`, not even a comment, is taken as dead.
 */

export interface SseMessage {
  event: string;
  data: string;
  id: string | null;
}

export type LossReason = "network" | "refused" | "silent" | "ended" | "unreadable";

export type Link =
  | { state: "connecting"; lastHeardMs: number | null }
  | { state: "live"; lastHeardMs: number }
  | { state: "lost"; lastHeardMs: number | null; reason: LossReason };

export const SILENCE_MS = 25_000;
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 8_000;
/** A snapshot of the largest fleet is about 30 MB; an answer that never ends its message is none of ours. */
const MAX_MESSAGE_CHARS = 128 * 1024 * 1024;

export class UnreadableStream extends Error {}

/** Turns the stream's text, cut anywhere, into messages. */
export class SseParser {
  lastEventId: string | null = null;
  private rest = "";
  private event = "";
  private data: string[] = [];

  push(chunk: string): SseMessage[] {
    this.rest += chunk;
    if (this.rest.length > MAX_MESSAGE_CHARS) throw new UnreadableStream("a line of the stream is too long");
    // A carriage return at the very end may be the first half of CR LF: it waits for the next chunk.
    const lines = this.rest.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.line(line));
  }

  private line(line: string): SseMessage[] {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return [];
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id") this.lastEventId = value;
    return [];
  }

  private dispatch(): SseMessage[] {
    const message = { event: this.event || "message", data: this.data.join("\n"), id: this.lastEventId };
    const hasData = this.data.length > 0;
    this.event = "";
    this.data = [];
    return hasData ? [message] : [];
  }
}

export interface SseListener {
  /** A false answer says that the stream cannot be followed: it is opened again from the beginning. */
  message(message: SseMessage): boolean;
  link(link: Link): void;
}

export class SseConnection {
  private lastHeardMs: number | null = null;
  private lastEventId: string | null = null;
  private pauseMs = FIRST_PAUSE_MS;
  private stopped = false;
  private attempt: AbortController | null = null;

  constructor(
    private readonly url: string,
    private readonly listener: SseListener,
  ) {}

  async run(): Promise<void> {
    while (!this.stopped) {
      this.listener.link({ state: "connecting", lastHeardMs: this.lastHeardMs });
      const openedMs = Date.now();
      const reason = await this.once();
      if (this.stopped) return;
      this.listener.link({ state: "lost", lastHeardMs: this.lastHeardMs, reason });
      // A line that stood for a while is opened again at once; one that breaks each time is left more and more alone.
      if (Date.now() - openedMs > LAST_PAUSE_MS) this.pauseMs = FIRST_PAUSE_MS;
      await pause(this.pauseMs * (0.5 + Math.random() / 2));
      this.pauseMs = Math.min(this.pauseMs * 2, LAST_PAUSE_MS);
    }
  }

  stop(): void {
    this.stopped = true;
    this.attempt?.abort();
  }

  /** One connection, from opening to loss. */
  private async once(): Promise<LossReason> {
    const attempt = new AbortController();
    this.attempt = attempt;
    let silent = false;
    const onSilence = () => {
      silent = true;
      attempt.abort();
    };
    let watch = setTimeout(onSilence, SILENCE_MS);
    try {
      const response = await fetch(this.url, { headers: this.headers(), signal: attempt.signal, cache: "no-store" });
      if (!response.ok || response.body === null) return "refused";
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new SseParser();
      parser.lastEventId = this.lastEventId;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return "ended";
        clearTimeout(watch);
        watch = setTimeout(onSilence, SILENCE_MS);
        if (!this.heard(parser, value)) return "unreadable";
      }
    } catch (error) {
      if (error instanceof UnreadableStream || error instanceof SyntaxError) {
        // Resuming would bring the same again.
        this.lastEventId = null;
        return "unreadable";
      }
      return silent ? "silent" : "network";
    } finally {
      clearTimeout(watch);
      attempt.abort();
    }
  }

  private heard(parser: SseParser, chunk: string): boolean {
    this.lastHeardMs = Date.now();
    for (const message of parser.push(chunk)) {
      if (!this.listener.message(message)) {
        this.lastEventId = null;
        return false;
      }
      this.lastEventId = message.id;
    }
    this.listener.link({ state: "live", lastHeardMs: this.lastHeardMs });
    return true;
  }

  private headers(): Record<string, string> {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (this.lastEventId !== null) headers["Last-Event-ID"] = this.lastEventId;
    return headers;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
