/** The API's shapes by the names that the pages use, and its plain requests. */
import type { components } from "@/generated/ops";

type Schemas = components["schemas"];

export type Alarm = Schemas["Alarm"];
export type CommandShown = Schemas["CommandShown"];
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
export type StationDetail = Schemas["StationDetail"];
export type StationSummary = Schemas["StationSummary"];

export const LIVE_URL = "/api/v1/live";
const TIMEOUT_MS = 15_000;

/** The newest events of a station, in order of their change number. */
export async function fetchEvents(station: string, limit: number): Promise<Event[]> {
  const response = await fetch(`/api/v1/stations/${encodeURIComponent(station)}/events?limit=${limit}`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`events of ${station}: the cloud answered ${response.status}`);
  const page: EventsPage = await response.json();
  return page.events;
}
