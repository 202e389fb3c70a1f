/**
 * Texts in two languages, with keys that the compiler checks.
 *
 * A text holds `{name}` for a value and `{name|one|other}` for a word that follows a number, as English needs it:
 * "{count} {count|alarm|alarms}".
 */
import { language, type Language } from "./preferences";
import en from "./messages/en.json";
import zh from "./messages/zh.json";

export type MessageKey = keyof typeof zh;
export type Values = Record<string, string | number>;

const MESSAGES: Record<Language, Record<MessageKey, string>> = { zh, en };
const LOCALES: Record<Language, string> = { zh: "zh-CN", en: "en-GB" };

export function locale(): string {
  return LOCALES[language.value];
}

export function t(key: MessageKey, values: Values = {}): string {
  return fill(MESSAGES[language.value][key], values);
}

/** A text in a language of its own choosing, for what everybody has to understand. */
export function inLanguage(chosen: Language, key: MessageKey): string {
  return MESSAGES[chosen][key];
}

/** The text of a key made from outside data (a reason code, a record's kind), or null where this page is older than the code. */
export function knownText(key: string, values: Values = {}): string | null {
  return Object.hasOwn(MESSAGES.zh, key) ? t(key as MessageKey, values) : null;
}

export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, other?: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    if (one === undefined) return String(value);
    return (Number(value) === 1 ? one : other) ?? "";
  });
}
