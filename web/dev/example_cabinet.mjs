// A swap cabinet for looking at the ops page: twelve slots in all the states that can be drawn, and its ledger.

const MINUTE = 60_000;

function slot(number, more = {}) {
  const nothing = { battery: null, booked: null, model: "", soc_percent: null, soh_percent: null, voltage_mv: null, current_ma: null };
  const state = { temperature_decicelsius: null, cycles: null, charging: false, full: false, asides: [], trips: [], lost: "" };
  return { slot: number, door_open: false, may_be_open: false, present: false, ...nothing, ...state, ...more };
}

function holding(number, soc, more = {}) {
  const serial = `YZB00${String(100 + number)}`;
  const said = { soc_percent: soc, soh_percent: 96, voltage_mv: 52_000 + soc * 80, current_ma: soc < 95 ? 9_800 : 0 };
  const state = { temperature_decicelsius: 238 + number * 4, cycles: 140 + number, charging: soc < 95, full: soc >= 95 };
  return slot(number, { present: true, battery: serial, booked: serial, model: "YZ60-24", ...said, ...state, ...more });
}

export function cabinet({ burning = false } = {}) {
  const hot = { temperature_decicelsius: 612, charging: false, full: false, asides: ["quarantine"], trips: ["too_hot", "rising", "smoke"] };
  return {
    online: true,
    ready: true,
    service_by: "",
    hazard: burning,
    trips: burning ? ["water"] : [],
    slots: [
      holding(1, 100), holding(2, 98), holding(3, 96), holding(4, 71), holding(5, 44, burning ? hot : {}), slot(6, { door_open: !burning, may_be_open: !burning }),
      holding(7, 100), burning ? slot(8, { asides: ["uncommanded"] }) : slot(8), holding(9, 97), burning ? slot(10, { present: null, door_open: null, lost: "no answer" }) : holding(10, 33), holding(11, 82), holding(12, 100),
    ],
    full: 6,
    empty: 2,
    swap: burning ? null : { swap: 813, member: "m-1", kind: "swap", stage: "put_in", slot: 6, attempt: 1, outcome: null, ends_in_ms: 41_000, warned: false, overdue: false, again: false, held: false, cancellable: true },
    waiting: 0,
    chosen: null,
    chosen_ends_in_ms: null,
    said: null,
    anomalies: burning ? [{ anomaly: 2, kind: "vanished", cause: "forced", battery: "YZB00099", slot: 8, member: null, since_ms: Date.now() - 66 * MINUTE, detail: "" }, { anomaly: 3, kind: "took_two", cause: "swap", battery: "YZB00140", slot: 3, member: "m-2", since_ms: Date.now() - 20 * MINUTE, detail: "" }] : [],
    claims: burning ? 1 : 0,
    out: 23,
    swaps: 812,
  };
}

/** What `GET …/cabinet` answers. */
export function ledger(isBusy) {
  const swaps = ["done", "done", "nothing_put_in", "refused_worn", "done"].map((outcome, index) => ({
    swap: 812 - index,
    ended_at_ms: Date.now() - (60 + index * 17) * MINUTE,
    duration_ms: 31_000 + index * 2_000,
    member: `m-${1 + (index % 2)}`,
    member_name: index % 2 ? "李秀英" : "王磊",
    kind: "swap",
    outcome,
    battery_in: outcome === "done" ? `YZB000${17 + index}` : null,
    battery_out: outcome === "done" ? `YZB002${17 + index}` : null,
  }));
  const out = Array.from({ length: 8 }, (_, index) => ({ battery: `YZB002${index + 10}`, member: `m-${index}`, member_name: ["王磊", "李秀英", "张伟", "刘洋", null][index % 5], since_ms: Date.now() - index * 50 * MINUTE }));
  const claims = isBusy ? [{ claim: 4, member: "m-2", member_name: "李秀英", why: "not_taken", granted_at_ms: Date.now() - 64 * MINUTE }] : [];
  return { swaps, claims, out, out_count: 23 };
}
