// The simulated station at one moment, in the shape of openapi/panel.json.

const PEOPLE = [
  ["rider-1", "王磊", true], ["rider-2", "李秀英", true], ["cleaner-1", "张伟", true],
  ["driver-1", "刘洋", true], ["courier-1", "陈静", true], ["stranger", "陌生人", false],
];

const LOADS = [
  ["light", "light", 40, true], ["heater", "heating", 1500, true], ["cooler", "cooling", 1100, false],
  ["sockets", "sockets", 600, false], ["sign", "sign", 30, true],
];

const BODIES = [
  ["rider-2", "inside", "moving"], ["cleaner-1", "inside", "still"], ["driver-1", "inside", "lying"],
  ["shadow-visit-1", "inside", "moving"], ["rider-1", "doorway", "moving"], ["stranger", "outside", "moving"],
];

const LOG = [
  { kind: "card_shown", reader: "entry", card: "card-rider-1", person: "rider-1" },
  { kind: "card_on_wire", reader: "entry", wait_ms: 24 },
  { kind: "pin_edge", pin: 17, wire: "lock", level: true },
  { kind: "lock_edge", released: true, cause: "pin", pin: true },
  { kind: "bolt", free: true },
  { kind: "reader_feedback", reader: "entry", device: "led", color: "green", temporary: false },
  { kind: "push", opened: true, force: false, from_inside: false },
  { kind: "door", open: true },
  { kind: "beam", beam: "outer", broken: true },
  { kind: "person", person: "rider-1", place: "doorway", inside: 4 },
  { kind: "load", load: "light", on: true, power_w: 1565 },
  { kind: "fault", name: "reader_delay", on: true, target: "entry" },
];

export function worldView() {
  return {
    mono_ms: 100_000,
    door: { angle_degrees: 62, open: true, hand: true, wedge: false },
    lock: { kind: "fail_safe", released: true, cause: "pin", pin: true, bolt_free: true, stuck: false },
    inputs: { exit_pressed: false, fire_active: false },
    pins: [
      { wire: "lock", pin: 17, mode: "output", level: true, cut: false },
      { wire: "contact", pin: 27, mode: "input", level: true, cut: false },
      { wire: "exit", pin: 22, mode: "input", level: true, cut: false },
      { wire: "fire", pin: 23, mode: "input", level: false, cut: false },
      { wire: "beam_outer", pin: 5, mode: "input", level: false, cut: false },
      { wire: "beam_inner", pin: 6, mode: "input", level: true, cut: false },
    ],
    operations_url: null,
    room: {
      temperature_celsius: 19.5, outside_celsius: -2, humidity_percent: 45, carbon_monoxide_ppm: 0, smoke: false, water: false,
      mains: true, battery_low: false, reader_tampered: false, enclosure_tampered: false,
      beam_outer_broken: false, beam_inner_broken: true, motion_inside: true, motion_outside: true, power_w: 1565, energy_wh: 210.4,
      loads: LOADS.map(([id, kind, power_w, on]) => ({ id, kind, power_w, wanted: on, on })),
      bodies: BODIES.map(([person, place, doing]) => ({ person, place, doing })),
      inside: 4,
    },
    sensors: {
      radars: [{ id: "ceiling", moving_cm: 180, still_cm: 240 }],
      slaves: [{ id: "climate", model: "xy_md02", address: 1, answered: 12 }],
      scanners: [{ id: "scanner", plugged: true }],
    },
    readers: [
      {
        id: "entry", mode: "secure", online: true, secure: true, plugged: true, powered: true, tampered: false,
        feedback: { led: { color: "green", temporary: true, for_ms: 3000 } },
      },
    ],
    people: PEOPLE.map(([id, name, known]) => ({ id, name, known, card: { id: `card-${id}`, format: "wiegand", bits: 26 } })),
    faults: [{ name: "reader_delay", target: "entry", ms: 200, count: null, active: true }],
    network: { configured: true, on: true, black_hole: false, delay_ms: 0, connections: 1 },
    gpio: { listening: true, clients: 1 },
    power_on: true,
    stories: { running: [], visits: 3, admitted: 2 },
    log: LOG.map((line, index) => ({ ...line, mono_ms: 99_000 + index * 110, at: new Date(Date.now() - (9 - index) * 110).toISOString() })),
  };
}
