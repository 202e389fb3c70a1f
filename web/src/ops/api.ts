/** The API's shapes by the names that the pages use, and its plain requests. */
import type { components } from "@/generated/ops";

type Schemas = components["schemas"];

export type ActsPage = Schemas["ActsPage"];
export type ActShown = Schemas["ActShown"];
export type Alarm = Schemas["Alarm"];
export type Cabinet = Schemas["CabinetState"];
export type CabinetLedger = Schemas["CabinetPage"];
export type CommandShown = Schemas["CommandShown"];
export type DayEnergy = Schemas["DayEnergy"];
export type Door = Schemas["Door"];
export type Event = Schemas["Event"];
export type EventsPage = Schemas["EventsPage"];
export type LiveChange = Schemas["LiveChange"];
export type LiveSnapshot = Schemas["LiveSnapshot"];
export type Load = Schemas["Load"];
export type PassShown = Schemas["PassShown"];
export type Posture = Schemas["Posture"];
export type Priority = Schemas["Priority"];
export type Sensor = Schemas["Sensor"];
export type SlotState = Schemas["SlotState"];
export type StationDetail = Schemas["StationDetail"];
export type StationSummary = Schemas["StationSummary"];

export const LIVE_URL = "/api/v1/live";
const TIMEOUT_MS = 15_000;

async function read<T>(path: string): Promise<T> {
  const response = await fetch(`/api/v1/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${path}: the cloud answered ${response.status}`);
  return response.json();
}

/** The newest events of a station, in order of their change number. */
export async function fetchEvents(station: string, limit: number): Promise<Event[]> {
  return (await read<EventsPage>(`stations/${encodeURIComponent(station)}/events?limit=${limit}`)).events;
}

/** What each load and meter of a station has used per day, the newest day first. */
export async function fetchEnergy(station: string): Promise<DayEnergy[]> {
  return (await read<Schemas["EnergyPage"]>(`stations/${encodeURIComponent(station)}/energy`)).days;
}

/** The latest swaps at a station, what is owed there, and who has its batteries. */
export async function fetchCabinet(station: string): Promise<CabinetLedger> {
  return read<CabinetLedger>(`stations/${encodeURIComponent(station)}/cabinet`);
}

/** What people have done, newest first: older than the act `before`, of one station or of all. */
export async function fetchActs(wanted: { station: string | undefined; before: number | null; limit: number }): Promise<ActsPage> {
  const query = new URLSearchParams({ limit: String(wanted.limit) });
  if (wanted.station !== undefined) query.set("station", wanted.station);
  if (wanted.before !== null) query.set("before", String(wanted.before));
  return read<ActsPage>(`acts?${query}`);
}
