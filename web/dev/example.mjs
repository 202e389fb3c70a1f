// Example data for looking at the ops page without a cloud: made relative to now, in the shapes of openapi/ops.json.

import { cabinet } from "./example_cabinet.mjs";

const MINUTE = 60_000;
const EPOCH = "0123456789abcdef0123456789abcdef";
const PLACES = [
  "朝阳门外街道驿站", "望京东路驿站", "三里屯驿站", "中关村大街驿站", "亦庄荣华路驿站", "西直门驿站", "回龙观驿站",
  "通州运河驿站", "石景山古城驿站", "丰台南路驿站", "大兴黄村驿站", "顺义后沙峪驿站",
];
const MEMBERS = ["王磊", "李秀英", "张伟", "刘洋", "陈静", "赵鹏"];

function alarm(code, priority, sinceMinutes, source = "", detail = "", more = {}) {
  const people = { acknowledged: false, acknowledged_by: null, acknowledged_at_ms: null, shelved_until_ms: null, shelved_by: null, shelved_reason: null };
  const life = { origin: "station", active: true, first_out: false, suppressed_by: null, ...people };
  return { code, source, priority, detail, since_ms: Date.now() - sinceMinutes * MINUTE, ...life, ...more };
}

/** A station on which everything happens at once, for looking at all that can be drawn. */
const BUSY = {
  people: 2,
  sure: false,
  welfare: true,
  cabinet: cabinet({ burning: true }),
  posture: "lockdown",
  cause: "desired",
  alarms: [
    alarm("duress", "urgent", 2, "entry", "", { active: false }),
    alarm("cabinet_tripped", "urgent", 3, "slot-5 too_hot", "55.8 °C; the limit is 55.0 °C; 2 people inside"),
    alarm("cabinet_tripped", "urgent", 3, "slot-5 rising", "3.4 °C warmer than 3 s ago; 2 people inside"),
    alarm("cabinet_tripped", "urgent", 2, "slot-5 smoke", "its smoke detector; 2 people inside"),
    alarm("cabinet_tripped", "urgent", 2, "cabinet water", ""),
    alarm("mains_lost", "high", 9, "mains", "", { first_out: true, acknowledged: true, acknowledged_by: "王芳", acknowledged_at_ms: Date.now() - 6 * MINUTE }),
    alarm("sensor_offline", "low", 8, "air-1", "", { suppressed_by: "mains_lost/mains" }),
    alarm("uplink_down", "low", 8, "uplink", "", { suppressed_by: "mains_lost/mains" }),
    alarm("too_cold", "low", 50, "air-1", "", { shelved_until_ms: Date.now() + 90 * MINUTE, shelved_by: "王芳", shelved_reason: "已报修，等待处理" }),
  ],
  orders: {
    revision: 7,
    followed: true,
    posture: "lockdown",
    posture_ordered: { by: "王芳", reason: "现场有纠纷", at_ms: Date.now() - 4 * MINUTE },
    loads_cut: ["heater"],
    loads_ordered: { by: "王芳", reason: "线路或设备过热", at_ms: Date.now() - 20 * MINUTE },
    cabinet: { recalled: [], slots_locked_out: [8], power_budget_w: 900, keep_full: 2 },
    cabinet_ordered: { by: "王芳", reason: "用电紧张", at_ms: Date.now() - 30 * MINUTE },
    acknowledged: [],
    shelved: [],
  },
  commands: [
    { id: "c1", station: "yz-bj-0002", kind: "release", reason: "会员未带卡，已核实身份", by: "王芳", issued_at_ms: Date.now() - MINUTE, expires_at_ms: Date.now() - 40_000, status: "refused", answer: "lockdown", answered_at_ms: Date.now() - 59_000 },
  ],
};

const SPECIAL = {
  0: { cabinet: cabinet() },
  1: { alarms: [alarm("door_held", "high", 3, "door", "")], mode: "held", open: true, released: false, people: 2, sure: false },
  2: BUSY,
  3: { alarms: [alarm("door_forced", "urgent", 1, "door"), alarm("clock_untrusted", "low", 95)], mode: "forced", open: true, released: false },
  5: { online: false, alarms: [alarm("uplink_down", "low", 42)] },
  6: { posture: "free_access", mode: "released", released: true, people: 5 },
  8: { never: true },
};

function station(index) {
  const id = `yz-bj-${String(index + 1).padStart(4, "0")}`;
  const special = SPECIAL[index] ?? {};
  const never = special.never === true;
  return {
    id,
    name: PLACES[index % PLACES.length],
    organisation: { id: `street-${index}`, name: "街道总工会", path: ["北京市总工会", index % 2 ? "海淀区总工会" : "朝阳区总工会", "街道总工会"] },
    timezone: "Asia/Shanghai",
    online: !never && special.online !== false,
    last_seen_ms: never ? null : special.online === false ? Date.now() - 42 * MINUTE : Date.now() - 3_000,
    door: never ? null : { mode: special.mode ?? "secured", contact_open: special.open ?? false, lock_released: special.released ?? false, fire: false },
    posture: never ? null : (special.posture ?? "secure"),
    posture_cause: never ? null : (special.cause ?? (special.posture ? "schedule" : "usual")),
    people: never ? null : (special.people ?? (index * 7) % 4),
    people_sure: never ? null : (special.sure ?? true),
    alarms: special.alarms ?? [],
    entries_today: never ? 0 : 12 + ((index * 37) % 61),
    denials_today: never ? 0 : (index * 3) % 5,
    software: never ? null : "0.1.0",
    boot: never ? null : 7,
    clock_trusted: never ? null : index !== 3,
    storage: never ? null : "ok",
    unacknowledged: never ? null : 0,
    readers: never ? [] : [{ id: "entry", online: true }],
    roster: never ? [] : [{ node: "bj-chaoyang", station_version: index === 3 ? 16 : 18, newest_version: 18 }],
    roster_members: never ? null : 312,
    journal: [],
    hazard: false,
    people_confidence_percent: never ? null : (special.sure ?? true) ? 95 : 50,
    welfare_asked: special.welfare ?? false,
    loads: never ? [] : [
      { id: "light", on: true, cause: "occupied" },
      { id: "heater", on: false, cause: special === BUSY ? "cut" : "warm_enough" },
      { id: "sockets", on: true, cause: "occupied" },
      { id: "sign", on: false, cause: "schedule" },
    ],
    environment: never ? [] : [{ id: "air-1", online: special !== BUSY, temperature_decicelsius: 213, humidity_percent: 41, carbon_monoxide_ppm: 0, smoke: false, water: false }],
    power_w: never ? null : 640,
    energy_day: never ? "" : "2026-11-22",
    energy_today_wh: never ? {} : { mains: 5_240, light: 380, sockets: 900 },
    full_batteries: special.cabinet?.full ?? null,
    swaps_today: special.cabinet ? { done: 41, nothing_put_in: 3, refused_worn: 1, not_taken: 1 } : {},
    cabinet: special.cabinet ?? null,
    cabinet_names: { "m-1": "王磊", "m-2": "李秀英" },
    orders: special.orders ?? null,
    commands: special.commands ?? [],
  };
}

/** What a station writes, as a story told backwards: [minutes ago, kind, body, member]. */
const STORY = [
  [0.2, "door.closed", {}],
  [0.24, "occupancy.changed", { people: 3, sure: true, cause: "entry" }],
  [0.28, "door.relocked", { cause: "opened" }],
  [0.28, "door.opened", {}],
  [0.3, "door.released", { cause: "card", member: "m-1", hold_ms: 5000 }, 0],
  [0.3, "access.granted", { reader: "entry", credential: "c", member: "m-1", rule: "member", presented_mono_ms: 1 }, 0],
  [6, "access.denied", { reader: "entry", credential: "c", member: null, reason: "unknown_credential", rule: "", presented_mono_ms: 1 }],
  [17, "door.closed", {}],
  [17.1, "door.relocked", { cause: "opened" }],
  [17.1, "door.opened", {}],
  [17.2, "door.released", { cause: "exit", member: null, hold_ms: 5000 }],
  [17.2, "exit.pressed", {}],
  [34, "alarm.cleared", { code: "door_held", source: "door" }],
  [34, "door.held_cleared", { open_ms: 95_000 }],
  [35, "alarm.raised", { code: "door_held", source: "door", priority: "high", detail: "" }],
  [35, "door.held", { open_ms: 30_000 }],
  [36, "door.opened", {}],
  [36, "access.granted", { reader: "entry", credential: "c", member: "m-4", rule: "member", presented_mono_ms: 1 }, 3],
  [40, "alarm.acknowledged", { code: "mains_lost", source: "mains", by: "王芳" }],
  [41, "alarm.shelved", { code: "too_cold", source: "air-1", until_ms: Date.now() + 90 * MINUTE, by: "王芳", reason: "已报修，等待处理" }],
  [44, "load.switched", { load: "light", on: true, cause: "occupied" }],
  [46, "load.cut", { load: "heater", cut: true, by: "王芳" }],
  [50, "welfare.asked", { still_ms: 2_700_000 }],
  [49, "welfare.answered", { how: "screen" }],
  [52, "occupancy.corrected", { previous: 3, people: 0, sure: true, evidence: "radar_empty" }],
  [55, "access.taken", { member: "m-2", direction: "in" }, 1],
  [57, "energy.used", { source: "mains", day: "2026-11-21", energy_wh: 5_800 }],
  [58, "access.denied", { reader: "entry", credential: "c", member: "m-2", reason: "expired", rule: "", presented_mono_ms: 1 }, 1],
  [60, "slot.door_closed", { slot: 3, open_ms: 9000 }],
  [60, "swap.ended", { swap: 812, member: "m-1", swap_kind: "swap", outcome: "done", battery_in: "YZB00017", battery_out: "YZB00203", duration_ms: 31_000 }, 0],
  [60.2, "battery.given_out", { battery: "YZB00203", slot: 3, member: "m-1", swap: 812 }, 0],
  [60.4, "battery.taken_in", { battery: "YZB00017", slot: 6, member: "m-1", swap: 812 }, 0],
  [60.5, "slot.unlocked", { slot: 6, pulse: 99, cause: "swap_in", swap: 812, by: "" }],
  [60.5, "swap.begun", { swap: 812, member: "m-1", swap_kind: "swap", slot_in: 6, slot_out: 3 }, 0],
  [62, "swap.refused", { member: "m-2", swap_kind: "swap", reason: "no_full", detail: "" }, 1],
  [64, "claim.granted", { claim: 4, member: "m-2", swap: 811, why: "not_taken" }, 1],
  [66, "anomaly.opened", { anomaly: 2, anomaly_kind: "vanished", cause: "forced", battery: "YZB00099", slot: 8, member: null, swap: null, detail: "" }],
  [66.2, "slot.door_opened", { slot: 8, commanded: false }],
  [67, "cabinet.tripped", { trip: "too_hot", slot: 5, detail: "61 °C", hazard: true }],
  [80, "vending.sold", { shelf: 4, price_fen: 300 }],
  [90, "roster.switched", { node: "bj-chaoyang", version: 18, members: 312 }],
  [92, "clock.trusted", { offset_ms: -420 }],
  [92, "station.booted", { software: "0.1.0", config_digest: "d", clean_stop: true, unrecorded_release_window_ms: 0, records_replayed: 90 }],
  [1500, "station.stopped", { why: "signal" }],
  [1510, "posture.changed", { previous: "free_access", posture: "secure", cause: "schedule" }],
];

export function events(stationId, change) {
  return STORY.map(([minutes, kind, body, member], index) => ({
    change: change - index,
    station: stationId,
    epoch: EPOCH,
    stream: "events",
    seq: 500 - index,
    recorded_at_ms: Math.round(Date.now() - minutes * MINUTE),
    received_at_ms: Math.round(Date.now() - minutes * MINUTE) + 40,
    clock_trusted: true,
    kind,
    body,
    member_name: member === undefined ? null : MEMBERS[member],
  })).reverse();
}

export function snapshot(count) {
  const stations = Array.from({ length: count }, (_, index) => station(index));
  const change = 1_000;
  const first = count > 0 ? events(stations[0].id, change) : [];
  return { change, stations, events: first };
}
