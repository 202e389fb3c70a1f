/** Times as people say them, in the station's zone. `now` is one clock for the whole page, so that all times step together. */
import { readonly, ref } from "vue";
import { locale, t } from "./i18n";

const clock = ref(Date.now());
setInterval(() => (clock.value = Date.now()), 1_000);
export const now = readonly(clock);

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "4 min ago". A moment that the clocks' difference puts into the future is "just now". */
export function ago(atMs: number, nowMs: number): string {
  const passed = nowMs - atMs;
  if (passed < 5 * SECOND_MS) return t("time.just_now");
  if (passed < MINUTE_MS) return t("time.seconds_ago", { count: Math.floor(passed / SECOND_MS) });
  if (passed < HOUR_MS) return t("time.minutes_ago", { count: Math.floor(passed / MINUTE_MS) });
  if (passed < DAY_MS) return t("time.hours_ago", { count: Math.floor(passed / HOUR_MS) });
  return t("time.days_ago", { count: Math.floor(passed / DAY_MS) });
}

/** "35 s", "4 min 10 s", "2 h 5 min". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / SECOND_MS));
  if (seconds < 60) return t("time.seconds", { count: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    const rest = seconds % 60;
    return rest === 0 ? t("time.minutes", { count: minutes }) : t("time.minutes_seconds", { minutes, seconds: rest });
  }
  return t("time.hours_minutes", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Building a format is slow and a timeline shows hundreds: one is kept per language, zone and shape (a handful). */
function format(shape: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale()} ${zone} ${shape}`;
  const kept = formats.get(key);
  if (kept) return kept;
  const made = new Intl.DateTimeFormat(locale(), { timeZone: knownZone(zone), ...options });
  formats.set(key, made);
  return made;
}

/** A zone that this browser does not know is shown as UTC rather than not at all. */
function knownZone(zone: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch {
    return "UTC";
  }
}

export function clockTime(atMs: number, zone: string): string {
  return format("clock", zone, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(atMs);
}

/** Day and time without seconds, for a moment that is to come. */
export function shortTime(atMs: number, zone: string): string {
  return format("short", zone, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(atMs);
}

export function exactTime(atMs: number, zone: string): string {
  const text = format("exact", zone, { dateStyle: "long", timeStyle: "medium", hourCycle: "h23" }).format(atMs);
  return t("time.exact", { time: text, zone: knownZone(zone) });
}

/** The calendar day in the zone, as a key to group by. */
export function dayKey(atMs: number, zone: string): string {
  return format("day", zone, { year: "numeric", month: "2-digit", day: "2-digit" }).format(atMs);
}

/** A calendar day (`2026-11-22`), wherever it is. */
export function calendarDay(day: string): string {
  return format("calendar", "UTC", { month: "short", day: "numeric", weekday: "short" }).format(Date.parse(`${day}T00:00:00Z`));
}

export function dayName(atMs: number, zone: string, nowMs: number): string {
  const day = dayKey(atMs, zone);
  if (day === dayKey(nowMs, zone)) return t("time.today");
  if (day === dayKey(nowMs - DAY_MS, zone)) return t("time.yesterday");
  return format("dayname", zone, { month: "long", day: "numeric", weekday: "long" }).format(atMs);
}
