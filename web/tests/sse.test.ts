import { afterEach, describe, expect, it, vi } from "vitest";
import { SseConnection, SseParser, type Link, type SseMessage } from "@/shared/sse";

const STREAM =
  ': hello\r\nevent: snapshot\r\nid: 7\r\ndata: {"a":\r\ndata: 1}\r\n\r\n' + "event: change\nid: 8\ndata: {}\n\ndata: last\r\r";

describe("the parser", () => {
  const whole = [
    { event: "snapshot", data: '{"a":\n1}', id: "7" },
    { event: "change", data: "{}", id: "8" },
  ];

  it("reads messages with any line ending and passes comments over", () => {
    expect(new SseParser().push(STREAM)).toEqual(whole);
  });

  it("reads the same wherever the text is cut", () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      const parser = new SseParser();
      expect([...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))]).toEqual(whole);
    }
  });

  it("reads one character at a time", () => {
    const parser = new SseParser();
    expect([...STREAM].flatMap((character) => parser.push(character))).toEqual(whole);
  });
});

describe("the connection", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  function answers(...bodies: (string | number)[]): { fetch: ReturnType<typeof vi.fn>; ids: (string | undefined)[] } {
    const ids: (string | undefined)[] = [];
    const fetch = vi.fn((_url: string, init: RequestInit) => {
      ids.push((init.headers as Record<string, string>)["Last-Event-ID"]);
      const body = bodies.shift();
      if (typeof body === "number") return Promise.resolve(new Response("", { status: body }));
      if (body === undefined) return new Promise<Response>(() => undefined);
      return Promise.resolve(new Response(body));
    });
    vi.stubGlobal("fetch", fetch);
    return { fetch, ids };
  }

  function follow(follows: (message: SseMessage) => boolean = () => true) {
    const messages: SseMessage[] = [];
    const links: Link[] = [];
    const connection = new SseConnection("/live", {
      message: (message) => {
        messages.push(message);
        return follows(message);
      },
      link: (link) => links.push(link),
    });
    void connection.run();
    return { connection, messages, links };
  }

  it("resumes behind the last message after a loss", async () => {
    const { fetch, ids } = answers("id: 41\ndata: a\n\nid: 42\ndata: b\n\n");
    const { connection, messages } = follow();
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(2), { timeout: 3_000 });
    expect(messages.map(({ data }) => data)).toEqual(["a", "b"]);
    expect(ids).toEqual([undefined, "42"]);
    connection.stop();
  });

  it("begins anew when a message cannot be followed", async () => {
    const { fetch, ids } = answers("id: 41\ndata: a\n\nid: 43\ndata: gap\n\n");
    const { connection, links } = follow((message) => message.data !== "gap");
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(2), { timeout: 3_000 });
    expect(ids).toEqual([undefined, undefined]);
    expect(links).toContainEqual(expect.objectContaining({ state: "lost", reason: "unreadable" }));
    connection.stop();
  });

  it("begins anew after a message that is no JSON", async () => {
    const { fetch, ids } = answers("id: 41\ndata: 1\n\nid: 42\ndata: {broken\n\n");
    const { connection, links } = follow((message) => JSON.parse(message.data) === 1);
    await vi.waitFor(() => expect(fetch).toHaveBeenCalledTimes(2), { timeout: 3_000 });
    expect(ids).toEqual([undefined, undefined]);
    expect(links).toContainEqual(expect.objectContaining({ state: "lost", reason: "unreadable" }));
    connection.stop();
  });

  it("says why it is lost and tries again after a refusal", async () => {
    const { fetch } = answers(503, "data: here\n\n");
    const { connection, messages, links } = follow();
    await vi.waitFor(() => expect(messages).toHaveLength(1), { timeout: 3_000 });
    expect(links).toContainEqual(expect.objectContaining({ state: "lost", reason: "refused" }));
    expect(fetch.mock.calls.length).toBeGreaterThanOrEqual(2);
    connection.stop();
  });
});
