import { afterEach, describe, expect, it } from "vitest";
import type { Alarm, Cabinet, Event, SlotState, StationDetail } from "@/ops/api";
import { outcomesToday, slotLook, trippedOf } from "@/ops/station/cabinet";
import { oneOfEachPlace, placeWords, worstTrip } from "@/ops/trips";
import { calling, countBy, describeEvent, isForPeople } from "@/ops/words";
import { language } from "@/shared/preferences";

afterEach(() => (language.value = "zh"));

function tripped(source: string, more: Partial<Alarm> = {}): Alarm {
  const told = { code: "cabinet_tripped", source, priority: "urgent", acknowledged: false, shelved_until_ms: null, suppressed_by: null };
  return { ...told, ...more } as Alarm;
}

function slot(number: number, more: Partial<SlotState> = {}): SlotState {
  return { slot: number, present: true, trips: [], asides: [], lost: "", full: false, charging: false, ...more } as SlotState;
}

function event(kind: string, body: Record<string, unknown>, memberName: string | null = null): Event {
  return { kind, body, member_name: memberName } as Event;
}

describe("alarms of one burning slot", () => {
  const alarms = [tripped("slot-4 too_hot"), tripped("slot-4 smoke"), tripped("cabinet smoke"), tripped("slot-5 water")];

  it("call once for each place, by the most dangerous", () => {
    expect(calling(alarms).map(({ source }) => source)).toEqual(["slot-4 smoke", "cabinet smoke", "slot-5 water"]);
    expect(countBy(alarms, "urgent")).toBe(3);
  });

  it("call again by what nobody has seen yet", () => {
    const seen = [tripped("slot-4 smoke", { acknowledged: true }), tripped("slot-4 too_hot")];
    expect(oneOfEachPlace(seen).map(({ head, others }) => [head.source, others.length])).toEqual([["slot-4 too_hot", 1]]);
  });

  it("leave other alarms alone", () => {
    const others = [tripped("door", { code: "door_held" }), tripped("door", { code: "lock_fault" })];
    expect(calling(others)).toHaveLength(2);
  });

  it("say where and what", () => {
    language.value = "en";
    expect(placeWords(["slot-4 too_hot", "slot-4 smoke"])).toBe("Slot 4, smoke, battery too hot");
    expect(placeWords(["cabinet"])).toBe("Whole cabinet");
    expect(placeWords(["entry"])).toBeNull();
    expect(worstTrip(["water", "rising", "unheard_of"])).toBe("rising");
  });
});

describe("a slot", () => {
  it("looks dangerous before anything else, and unknown before empty", () => {
    expect(slotLook(slot(1, { trips: ["smoke"], asides: ["stuck"] }))).toBe("danger");
    expect(slotLook(slot(1, { asides: ["quarantine"] }))).toBe("danger");
    expect(slotLook(slot(1, { asides: ["stuck"], full: true }))).toBe("out_of_service");
    expect(slotLook(slot(1, { present: null }))).toBe("unknown");
    expect(slotLook(slot(1, { present: false }))).toBe("empty");
    expect(slotLook(slot(1, { full: true, charging: true }))).toBe("full");
    expect(slotLook(slot(1, { charging: true }))).toBe("charging");
    expect(slotLook(slot(1))).toBe("occupied");
  });

  it("that is tripped is listed once, behind what concerns the whole cabinet", () => {
    const cabinet = { trips: ["water"], slots: [slot(1), slot(2, { trips: ["smoke", "rising"] })] } as unknown as Cabinet;
    expect(trippedOf(cabinet)).toEqual([{ slot: null, trips: ["water"] }, { slot: 2, trips: ["smoke", "rising"] }]);
  });
});

describe("a swap", () => {
  it("is told with how it ended and what has moved", () => {
    language.value = "en";
    const body = { swap: 1, member: "m", swap_kind: "swap", outcome: "done", battery_in: "A", battery_out: "B", duration_ms: 31_000 };
    const words = describeEvent(event("swap.ended", body, "Wang Lei"));
    expect([words.title, words.detail]).toEqual(["Wang Lei: swap, done", "A in, B out, in 31 s"]);
    expect(describeEvent(event("swap.ended", { ...body, battery_in: null, battery_out: null })).detail).toContain("nothing moved");
  });

  it("that did not begin says why, an access decision's reason included", () => {
    language.value = "en";
    const body = { member: "m", swap_kind: "swap", reason: "denied", detail: "expired" };
    expect(describeEvent(event("swap.refused", body, "Wang Lei")).detail).toBe("not allowed: The membership has expired");
  });

  it("leaves its stages to the slots' own events", () => {
    expect(isForPeople(event("swap.staged", { swap: 1 }))).toBe(false);
    expect(isForPeople(event("slot.door_opened", { slot: 1 }))).toBe(true);
  });

  it("counts by outcome, the most frequent first", () => {
    const station = { swaps_today: { claim: 1, done: 7, cancelled: 1 } } as unknown as StationDetail;
    expect(outcomesToday(station).map(({ outcome }) => outcome)).toEqual(["done", "cancelled", "claim"]);
  });

  it("of which nothing is left untold: no text shows an empty place", () => {
    const told: [string, Record<string, unknown>][] = [
      ["anomaly.opened", { anomaly: 1, anomaly_kind: "foreign_inside", cause: "swap", battery: null, slot: 3, member: null, swap: null, detail: "" }],
      ["cabinet.tripped", { trip: "water", slot: null, detail: "", hazard: false }],
      ["battery.given_out", { battery: "A", slot: 1, member: null, swap: null }],
      ["swap.refused", { member: null, swap_kind: "swap", reason: "busy", detail: "" }],
      ["charge.ended", { slot: 1, battery: null, why: "full" }],
      ["slot.set_aside", { slot: 1, why: "stuck", by: "", until_ms: null }],
    ];
    for (const [kind, body] of told) {
      const words = describeEvent(event(kind, body));
      expect(`${words.title} ${words.detail}`, kind).not.toMatch(/[{}]|null|undefined/);
    }
  });
});
