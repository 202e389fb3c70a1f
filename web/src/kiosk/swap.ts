/** What the screen says of a swap: the slot, what to do now, how long there is, and what becomes of the battery. */
import { knownText, t } from "@/shared/i18n";
import type { CabinetShown, SwapStep, SwapWords } from "./screen";

export interface Prompt {
  title: string;
  /** One line each. */
  lines: string[];
  slot: number | null;
  tone: "calm" | "calls" | "welcome";
}

/** A step of the swap under way. What is wrong with it comes before what it is. */
export function ofStep(step: SwapStep): Prompt {
  const slot = step.slot ?? 0;
  const refused = step.outcome ? knownText(`kiosk.swap.outcome.${step.outcome}`) : null;
  if (step.held) return { title: t("kiosk.swap.held"), lines: [t("kiosk.swap.held.text")], slot: step.slot ?? null, tone: "calm" };
  if (step.overdue) {
    return { title: t("kiosk.swap.overdue", { slot }), lines: [t("kiosk.swap.overdue.text")], slot, tone: "calls" };
  }
  const words = t(`kiosk.swap.stage.${step.stage}.text`, { slot });
  return {
    title: t(`kiosk.swap.stage.${step.stage}`, { slot }),
    lines: [refused ?? (step.again ? t("kiosk.swap.again") : words)],
    slot: step.slot ?? null,
    tone: refused || step.again ? "calls" : "welcome",
  };
}

/** What is said after a swap has ended, or why it did not begin. */
export function ofWords(words: SwapWords): Prompt {
  const slot = words.slot ?? null;
  if (words.refusal) {
    const text = words.denied ? knownText(`kiosk.denied.${words.denied}`) : null;
    return {
      title: t(`kiosk.swap.refusal.${words.refusal}`),
      lines: [text ?? t(`kiosk.swap.refusal.${words.refusal}.text`)],
      slot,
      tone: "calls",
    };
  }
  const outcome = words.outcome ?? "cancelled";
  const claim = words.claim ? t("kiosk.swap.claim") : "";
  const close = slot === null ? "" : t("kiosk.swap.close", { slot });
  return {
    title: t(`kiosk.swap.outcome.${outcome}`),
    lines: [t(`kiosk.swap.outcome.${outcome}.text`), claim, close].filter(Boolean),
    slot,
    tone: outcome === "done" ? "welcome" : "calls",
  };
}

/** Whether the swap takes the screen over. */
export function isSwapping(cabinet: CabinetShown | null | undefined): cabinet is CabinetShown {
  return Boolean(cabinet && (cabinet.step || cabinet.words));
}
