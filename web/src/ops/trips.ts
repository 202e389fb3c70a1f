/** The swap cabinet's protections: which of several at one place says what to do, and alarms that are about one place. */
import { knownText, t } from "@/shared/i18n";
import type { Alarm } from "./api";

/** The most dangerous first. */
const ORDER = ["smoke", "rising", "too_hot", "hotter_than_neighbours", "current_while_off", "contactor_opened", "water"];

function rank(trip: string): number {
  const place = ORDER.indexOf(trip);
  return place < 0 ? ORDER.length : place;
}

/** The worst of several trips of one slot: the one that says what to do. */
export function worstTrip(trips: readonly string[]): string {
  return [...trips].sort((a, b) => rank(a) - rank(b))[0] ?? "";
}

/** The source of an alarm of the cabinet, `slot-4` or `slot-4 smoke`, taken apart; null: it is another source. */
function taken(source: string): { place: string; trip: string } | null {
  const found = /^(slot-\d+|cabinet)(?: (\w+))?$/.exec(source);
  return found ? { place: found[1] ?? "", trip: found[2] ?? "" } : null;
}

/** The place in the cabinet that an alarm is about, in words, and what is wrong there; null: it is about none. */
export function placeWords(sources: readonly string[]): string | null {
  const parts = sources.map(taken);
  const first = parts[0];
  if (!first) return null;
  const slot = /^slot-(\d+)$/.exec(first.place)?.[1];
  const place = slot ? t("slot.number", { slot }) : t("cabinet.trip.whole");
  const trips = parts.flatMap((part) => (part?.trip ? [part.trip] : [])).sort((a, b) => rank(a) - rank(b));
  return [place, ...trips.map((trip) => knownText(`trip.${trip}`) ?? trip)].join(t("text.comma"));
}

/**
 * Alarms without those that say the same of one slot once more: a burning battery trips several protections, and calls
 * for one person. The first of a place is the most dangerous that nobody has seen yet.
 */
export function oneOfEachPlace<A extends Alarm>(alarms: readonly A[]): { head: A; others: A[] }[] {
  const groups = new Map<string, A[]>();
  alarms.forEach((alarm, index) => {
    const place = alarm.code === "cabinet_tripped" ? taken(alarm.source)?.place : undefined;
    const key = place ?? `#${index}`;
    groups.set(key, [...(groups.get(key) ?? []), alarm]);
  });
  return [...groups.values()].map((group) => {
    const sorted = [...group].sort(
      (a, b) => Number(a.acknowledged) - Number(b.acknowledged) || rank(taken(a.source)?.trip ?? "") - rank(taken(b.source)?.trip ?? ""),
    );
    return { head: sorted[0] as A, others: sorted.slice(1) };
  });
}
