// A stand-in for the cloud while working on the pages: serves dist/ and the example data, and plays a visit on the live stream.
// node dev/serve.mjs [--page ops|panel] [--stations 12] [--play] [--port 0]; prints its address.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { events, snapshot } from "./example.mjs";
import { ledger } from "./example_cabinet.mjs";
import { acts, energy } from "./example_looking_back.mjs";
import { worldView } from "./example_world.mjs";

const { values: options } = parseArgs({
  options: {
    page: { type: "string", default: "ops" },
    stations: { type: "string", default: "12" },
    play: { type: "boolean", default: false },
    port: { type: "string", default: "0" },
  },
});
const dist = fileURLToPath(new URL(`../dist/${options.page}/`, import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
const liveAnswers = new Set();
let refusesUntil = 0;
const fleet = snapshot(Number(options.stations));

function send(response, event, body, id) {
  response.write(`${event ? `event: ${event}\n` : ""}${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(body)}\n\n`);
}

function live(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  liveAnswers.add(response);
  response.on("close", () => liveAnswers.delete(response));
  if (options.page === "panel") return send(response, "", worldView());
  send(response, "snapshot", fleet, fleet.change);
  if (options.play) play(response);
}

/** A visit on the first station, again and again. */
function play(response) {
  let change = fleet.change;
  const steps = events(fleet.stations[0].id, 0).slice(-6);
  const timer = setInterval(() => {
    const event = { ...steps[(change - fleet.change) % steps.length], change: change + 1, seq: change, recorded_at_ms: Date.now() };
    const station = { ...fleet.stations[0], last_seen_ms: Date.now() };
    if (event.kind === "door.opened") station.door = { ...station.door, mode: "open", contact_open: true };
    change += 1;
    send(response, "change", { change, station, event }, change);
  }, 1_000);
  response.on("close", () => clearInterval(timer));
}

async function page(path, response) {
  for (const name of [path === "/" ? "index.html" : path, "index.html"]) {
    try {
      const body = await readFile(join(dist, name));
      response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream" });
      return response.end(body);
    } catch {
      continue;
    }
  }
  return response.writeHead(404).end();
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const lookingBack =
    pathname === "/api/v1/acts" ? acts(searchParams)
    : pathname.endsWith("/energy") ? energy()
    : pathname.endsWith("/cabinet") ? ledger(pathname.includes("0003"))
    : null;
  const station = /^\/api\/v1\/stations\/([^/]+)\/events$/.exec(pathname)?.[1];
  if (pathname.endsWith("/live")) return Date.now() < refusesUntil ? response.writeHead(503).end() : live(response);
  if (pathname === "/dev/live-connections") return response.end(String(liveAnswers.size));
  if (pathname === "/dev/cut") {
    // The cloud goes away for a while, in the middle of its streams.
    refusesUntil = Date.now() + 3_000;
    liveAnswers.forEach((answer) => answer.destroy());
    return response.end();
  }
  if (request.method === "POST" || request.method === "PUT") {
    if (pathname.endsWith("/passes")) {
      response.writeHead(200, { "Content-Type": "application/json" });
      const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h4v4h-4z" fill="#fff"/><path d="M1 1h1v1h-1zm1 1h1v1h-1z"/></svg>';
      return response.end(JSON.stringify({ id: "p", text: "YZ1.example", svg, valid_until_ms: Date.now() + 7_200_000, once: true }));
    }
    // What is asked for is refused as long as the example plays: there is no station to do it.
    response.writeHead(409, { "Content-Type": "application/json" });
    return response.end(JSON.stringify({ code: "station_offline", why: "an example" }));
  }
  if (lookingBack) {
    response.writeHead(200, { "Content-Type": "application/json" });
    return response.end(JSON.stringify(lookingBack));
  }
  if (station) {
    response.writeHead(200, { "Content-Type": "application/json" });
    return response.end(JSON.stringify({ events: events(station, fleet.change), next_after: fleet.change }));
  }
  return page(pathname, response);
});
server.listen(Number(options.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
