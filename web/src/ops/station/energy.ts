/** What a station has used per day, from what its meters and loads each have. */
import { fetchEnergy, type DayEnergy } from "../api";

export const DAYS = 14;

export interface Day {
  day: string;
  wattHours: number;
}

/** Meters' use where there are meters: the loads' own is a share of it, and would count twice. */
export function meteredWh(used: Iterable<readonly [source: string, wattHours: number]>, loads: ReadonlySet<string>): number {
  const all = [...used];
  const metered = all.filter(([source]) => !loads.has(source));
  return (metered.length > 0 ? metered : all).reduce((total, [, wattHours]) => total + wattHours, 0);
}

/** One number a day, newest first, of the last days that are known. */
export function byDay(rows: readonly DayEnergy[], loads: ReadonlySet<string>): Day[] {
  const days = new Map<string, [string, number][]>();
  for (const row of rows) days.set(row.day, [...(days.get(row.day) ?? []), [row.source, row.energy_wh]]);
  return [...days]
    .map(([day, used]) => ({ day, wattHours: meteredWh(used, loads) }))
    .sort((a, b) => (a.day < b.day ? 1 : -1))
    .slice(0, DAYS);
}

export async function pastDays(station: string, loads: ReadonlySet<string>): Promise<Day[]> {
  return byDay(await fetchEnergy(station), loads);
}
