// A browser that is told what to do step by step, for tests in which other things happen in between. One browser, one profile,
// any number of tabs. Reads JSON lines from standard input and answers each with one JSON line ({"result"} or {"error"}):
//   {"open": url} gives the tab's number | {"tab": n, "goto": url} | {"tab": n, "evaluate": expression}
//   | {"tab": n, "until": expression} waits until it is true and gives its value
// First line: {"init": script for every page, "timeout_ms"}. Ends with its input.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const ARGS = ["--no-first-run", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const POLL_MS = 50;
let timeoutMs = 10_000;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", chromiumSandbox: false, args: ARGS });
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const tabs = [];

async function follow(job) {
  if ("init" in job) {
    await context.addInitScript(job.init);
    timeoutMs = job.timeout_ms;
    context.setDefaultTimeout(timeoutMs);
    return null;
  }
  if ("open" in job) {
    const page = await context.newPage();
    await page.goto(job.open);
    return tabs.push(page) - 1;
  }
  const page = tabs[job.tab];
  if ("goto" in job) await page.goto(job.goto);
  if ("evaluate" in job) return (await page.evaluate(job.evaluate)) ?? null;
  if ("until" in job) return until(page, job.until);
  return null;
}

/** Asked from here: in a tab that lies behind others, the page's own timers and frames are slowed down. */
async function until(page, expression) {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await page.waitForTimeout(POLL_MS)) {
    const value = await page.evaluate(expression);
    if (value) return value;
  }
  throw new Error(`not true within ${timeoutMs} ms; the page says: ${await page.evaluate("document.body.innerText.slice(0, 1500)")}`);
}

try {
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await follow(JSON.parse(line)).then((result) => ({ result }), (error) => ({ error: String(error) }));
    console.log(JSON.stringify(answer));
  }
} finally {
  await browser.close();
}
