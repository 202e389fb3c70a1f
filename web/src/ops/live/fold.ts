/**
 * The fleet as a fold over the live stream: a snapshot at change N, then the changes N+1, N+2, … A number left out means that
 * something was missed, and the picture is not to be trusted until the next snapshot.
 */
import type { Event, LiveChange, LiveSnapshot, StationDetail } from "../api";

/** The newest events kept for the fleet's own timeline; a station's page asks for its own. */
export const MAX_EVENTS = 300;

export interface Fleet {
  change: number;
  stations: Map<string, StationDetail>;
  /** Oldest first. */
  events: Event[];
}

export type Outcome = "applied" | "known" | "gap";

export function fromSnapshot(snapshot: LiveSnapshot): Fleet {
  return {
    change: snapshot.change,
    stations: new Map(snapshot.stations.map((station) => [station.id, station])),
    events: snapshot.events.slice(-MAX_EVENTS),
  };
}

export function toSnapshot(fleet: Fleet): LiveSnapshot {
  return { change: fleet.change, stations: [...fleet.stations.values()], events: fleet.events };
}

/** Changes the fleet in place: there may be 27,000 stations in it. */
export function applyChange(fleet: Fleet, change: LiveChange): Outcome {
  if (change.change <= fleet.change) return "known";
  if (change.change !== fleet.change + 1) return "gap";
  fleet.change = change.change;
  fleet.stations.set(change.station.id, change.station);
  if (change.event !== null) {
    fleet.events.push(change.event);
    if (fleet.events.length > MAX_EVENTS) fleet.events.splice(0, fleet.events.length - MAX_EVENTS);
  }
  return "applied";
}
