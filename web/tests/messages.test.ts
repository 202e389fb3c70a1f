import { describe, expect, it } from "vitest";
import { fill } from "@/shared/i18n";
import en from "@/shared/messages/en.json";
import zh from "@/shared/messages/zh.json";

const keys = Object.keys(zh) as (keyof typeof zh)[];

function names(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)/g)].map((match) => match[1] ?? ""))].sort();
}

describe("messages", () => {
  it("have the same keys in both languages", () => {
    expect(Object.keys(en).sort()).toEqual([...keys].sort());
  });

  it("use no value in one language that the other does not know", () => {
    const unknown = keys.filter((key) => names(en[key]).some((name) => !names(zh[key]).includes(name) && name !== "count"));
    expect(unknown).toEqual([]);
  });

  it("use full-width punctuation in Chinese", () => {
    expect(keys.filter((key) => /[,;!?()]|: |"/.test(zh[key].replaceAll(/\{[^}]*\}/g, "")))).toEqual([]);
  });

  it("use no full-width punctuation and no Chinese in English", () => {
    expect(keys.filter((key) => /[\u3000-\u303f\uff00-\uffef\u4e00-\u9fff\u2018-\u201f\u2026]/.test(en[key]))).toEqual([]);
  });

  it("fill in values and the word that follows a number", () => {
    expect(fill("{count} {count|alarm|alarms}", { count: 1 })).toBe("1 alarm");
    expect(fill("{count} {count|alarm|alarms}", { count: 0 })).toBe("0 alarms");
    expect(fill("为{member}开锁", { member: "王磊" })).toBe("为王磊开锁");
  });
});
