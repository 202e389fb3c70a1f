import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** WCAG 2: text needs 4.5, signs and large text 3. */
const TEXT = 4.5;
const SIGN = 3;

const css = readFileSync("src/shared/style/tokens.css", "utf8");

function tokens(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(selector)).split("}")[0] ?? "";
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((first, second) => first - second);
  return (light + 0.05) / (dark + 0.05);
}

const PAIRS: [string, string, number][] = [
  ...["page", "surface", "sunken", "urgent-soft", "high-soft", "low-soft"].map((on): [string, string, number] => ["text", on, TEXT]),
  ...["page", "surface", "sunken"].map((on): [string, string, number] => ["text-soft", on, TEXT]),
  ...["page", "surface", "accent-soft"].map((on): [string, string, number] => ["accent", on, TEXT]),
  ["on-accent", "accent", TEXT],
  ["urgent", "surface", TEXT],
  ["urgent", "urgent-soft", TEXT],
  ["high-text", "surface", TEXT],
  ["high-text", "high-soft", TEXT],
  ["low", "surface", TEXT],
  ["low", "low-soft", TEXT],
  ["on-urgent", "urgent", SIGN],
  ["on-high", "high", SIGN],
  ["on-low", "low", SIGN],
];

describe.each([
  ["light", ":root {"],
  ["dark", ':root[data-theme="dark"]'],
])("the %s theme", (_name, selector) => {
  const theme = tokens(selector);

  it.each(PAIRS)("has %s readable on %s", (foreground, background, least) => {
    expect(contrast(theme.get(foreground) ?? "", theme.get(background) ?? "")).toBeGreaterThanOrEqual(least);
  });
});
