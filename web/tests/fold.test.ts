import { describe, expect, it } from "vitest";
import type { Event, LiveChange, LiveSnapshot, StationDetail } from "@/ops/api";
import { applyChange, fromSnapshot, MAX_EVENTS, toSnapshot } from "@/ops/live/fold";

const station = { id: "yz-1", name: "甲", people: 0 } as StationDetail;
const event = (change: number) => ({ change, station: "yz-1" }) as Event;
const snapshot: LiveSnapshot = { change: 10, stations: [station], events: [event(9), event(10)] };
const change = (number: number, people = 1): LiveChange => ({
  change: number,
  station: { ...station, people },
  event: event(number),
});

describe("the fleet", () => {
  it("takes the next change", () => {
    const fleet = fromSnapshot(snapshot);
    expect(applyChange(fleet, change(11, 3))).toBe("applied");
    expect(fleet.stations.get("yz-1")?.people).toBe(3);
    expect(fleet.events.at(-1)?.change).toBe(11);
  });

  it("passes over a change that the snapshot already contains", () => {
    const fleet = fromSnapshot(snapshot);
    expect(applyChange(fleet, change(10, 9))).toBe("known");
    expect(fleet.stations.get("yz-1")?.people).toBe(0);
  });

  it("refuses a change behind a hole and stays as it was", () => {
    const fleet = fromSnapshot(snapshot);
    expect(applyChange(fleet, change(12, 9))).toBe("gap");
    expect(fleet.change).toBe(10);
    expect(fleet.stations.get("yz-1")?.people).toBe(0);
  });

  it("takes a change that no event has made", () => {
    const fleet = fromSnapshot(snapshot);
    expect(applyChange(fleet, { ...change(11), event: null })).toBe("applied");
    expect(fleet.events).toHaveLength(2);
  });

  it("keeps only the newest events", () => {
    const fleet = fromSnapshot(snapshot);
    for (let number = 11; number <= 10 + MAX_EVENTS; number++) applyChange(fleet, change(number));
    expect(fleet.events).toHaveLength(MAX_EVENTS);
    expect(fleet.events.at(-1)?.change).toBe(10 + MAX_EVENTS);
  });

  it("gives a tab that comes later the same fleet", () => {
    const fleet = fromSnapshot(snapshot);
    applyChange(fleet, change(11, 2));
    expect(fromSnapshot(toSnapshot(fleet))).toEqual(fleet);
  });
});
