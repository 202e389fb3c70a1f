import { beforeEach, describe, expect, it } from "vitest";
import { language } from "@/shared/preferences";
import type { SwapStep, SwapWords } from "@/kiosk/screen";
import { isSwapping, ofStep, ofWords } from "@/kiosk/swap";
import schema from "../openapi/kiosk.json";

const { SwapStage, SwapOutcome, SwapRefusal, Reason } = schema.components.schemas;

const PUT_IN: SwapStep = {
  kind: "swap",
  stage: "put_in",
  slot: 5,
  outcome: null,
  ends_at_ms: null,
  hurry: false,
  overdue: false,
  again: false,
  held: false,
  cancellable: true,
};
const DONE: SwapWords = { outcome: "done", refusal: null, denied: null, claim: false, slot: null };

function step(changes: Partial<SwapStep>): SwapStep {
  return { ...PUT_IN, ...changes };
}

function words(changes: Partial<SwapWords>): SwapWords {
  return { ...DONE, ...changes };
}

describe.each(["zh", "en"] as const)("a swap on the screen, in %s", (each) => {
  beforeEach(() => {
    language.value = each;
  });

  it("has something to do at every stage, and draws the slot", () => {
    for (const stage of SwapStage.enum as SwapStep["stage"][]) {
      const prompt = ofStep(step({ stage }));
      expect([prompt.title, ...prompt.lines].filter((text) => !text || text.includes("kiosk.") || text.includes("{"))).toEqual([]);
      expect(prompt.slot).toBe(5);
    }
  });

  it("says of every end what becomes of the battery", () => {
    for (const outcome of SwapOutcome.enum as NonNullable<SwapWords["outcome"]>[]) {
      const prompt = ofWords(words({ outcome }));
      expect([prompt.title, ...prompt.lines].filter((text) => text.includes("kiosk."))).toEqual([]);
      expect(prompt.lines).toHaveLength(1);
      expect(prompt.tone).toBe(outcome === "done" ? "welcome" : "calls");
    }
  });

  it("says why a swap does not begin", () => {
    const titles = (SwapRefusal.enum as NonNullable<SwapWords["refusal"]>[]).map((refusal) => {
      const prompt = ofWords(words({ outcome: null, refusal }));
      expect(prompt.lines[0]).not.toContain("kiosk.");
      return prompt.title;
    });
    expect(new Set(titles).size).toBe(titles.length);
  });
});

describe("what comes first on the screen of a swap", () => {
  beforeEach(() => {
    language.value = "en";
  });

  it("is the slot to be closed, once time is over", () => {
    const prompt = ofStep(step({ stage: "take_out", slot: 7, overdue: true }));
    expect(prompt.title).toContain("7");
    expect(prompt.tone).toBe("calls");
    expect(prompt.title).not.toBe(ofStep(step({ stage: "take_out", slot: 7 })).title);
  });

  it("is that nothing goes on, while the cabinet holds it", () => {
    expect(ofStep(step({ held: true, overdue: true })).title).toBe("One moment");
  });

  it("is why the own battery comes back", () => {
    const prompt = ofStep(step({ stage: "take_back", outcome: "refused_foreign" }));
    expect(prompt.lines).toEqual(["That is not one of our batteries"]);
    expect(prompt.tone).toBe("calls");
  });

  it("is the claim and the open slot, after an end that leaves them", () => {
    const prompt = ofWords(words({ outcome: "left_open", claim: true, slot: 3 }));
    expect(prompt.lines).toHaveLength(3);
    expect(prompt.lines[1]).toContain("owed a battery");
    expect(prompt.lines[2]).toContain("slot 3");
  });

  it("is the card's own reason where the decision said no", () => {
    const expired = ofWords(words({ outcome: null, refusal: "denied", denied: "expired" }));
    expect(Reason.enum).toContain("expired");
    expect(expired.lines).not.toEqual(ofWords(words({ outcome: null, refusal: "denied" })).lines);
  });
});

describe("a swap takes the screen over", () => {
  it("while it goes on or has just ended, and at no other time", () => {
    const calm = { step: null, words: null } as Parameters<typeof isSwapping>[0] & object;
    expect(isSwapping(null)).toBe(false);
    expect(isSwapping(calm)).toBe(false);
    expect(isSwapping({ ...calm, step: PUT_IN })).toBe(true);
    expect(isSwapping({ ...calm, words: DONE })).toBe(true);
  });
});
