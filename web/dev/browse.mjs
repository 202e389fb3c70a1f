// Drives the system's Chromium for screenshots and tests. Reads one JSON job from standard input:
//   {"url", "width", "height", "dark", "touch", "steps": [{"wait": selector} | {"text": [selector, text]} | {"click": selector}
//    | {"goto": url} | {"tab": url} | {"evaluate": expression} | {"screenshot": path, "full": bool} | {"pause_ms": n}], "timeout_ms"}
// and prints one JSON line: {"ok", "results": [one per evaluate], "errors": [what the page complained about], "failure"?}.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const ARGS = ["--no-first-run", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const job = JSON.parse(readFileSync(0, "utf8"));
const timeout = job.timeout_ms ?? 10_000;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", chromiumSandbox: false, args: ARGS });
const results = [];
const errors = [];
let failure;
try {
  const context = await browser.newContext({
    viewport: { width: job.width ?? 1280, height: job.height ?? 800 },
    colorScheme: job.dark ? "dark" : "light",
    hasTouch: job.touch ?? false,
  });
  context.setDefaultTimeout(timeout);
  context.on("weberror", (error) => errors.push(String(error.error())));
  context.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  let page = await context.newPage();
  await page.goto(job.url);
  for (const step of job.steps ?? []) {
    if (step.wait) await page.waitForSelector(step.wait);
    if (step.text) await page.locator(step.text[0], { hasText: step.text[1] }).first().waitFor();
    if (step.click) await page.click(step.click);
    if (step.tab) {
      page = await context.newPage();
      await page.goto(step.tab);
    }
    if (step.goto) await page.goto(step.goto);
    if (step.evaluate) results.push(await page.evaluate(step.evaluate));
    if (step.pause_ms) await page.waitForTimeout(step.pause_ms);
    if (step.screenshot) {
      await page.evaluate("document.fonts.ready.then(() => undefined)");
      await page.screenshot({ path: step.screenshot, fullPage: step.full ?? false });
    }
  }
} catch (error) {
  failure = String(error);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ ok: failure === undefined, results, errors, failure }));
