/** What the API says, in people's words. What this page does not know yet is shown as it is, never hidden. */
import type { IconName } from "@/shared/icons";
import { knownText, t, type MessageKey, type Values } from "@/shared/i18n";
import { duration, shortTime } from "@/shared/time";
import type { Alarm, Door, Event, Priority, StationSummary } from "./api";
import { moves } from "./station/moves";
import { oneOfEachPlace, placeWords } from "./trips";

export const PRIORITIES: readonly Priority[] = ["urgent", "high", "low"];

/** Which part of the timeline an event belongs to. */
export type Group = "access" | "alarm" | "door" | "swap" | "system";

export interface EventWords {
  title: string;
  detail: string;
  icon: IconName;
  group: Group;
  /** What the machine did about it, rather than what people did or what went wrong. */
  minor: boolean;
  /** For alarms: what the mark is drawn with. */
  priority: Priority | null;
}

const LOOKS: Record<string, [IconName, Group]> = {
  "access.granted": ["access_granted", "access"],
  "access.denied": ["access_denied", "access"],
  "access.not_taken": ["access_not_taken", "access"],
  "access.taken": ["access_granted", "access"],
  "door.released": ["lock_open", "door"],
  "door.relocked": ["lock_closed", "door"],
  "door.opened": ["door_open", "door"],
  "door.closed": ["door_closed", "door"],
  "door.forced": ["door_open", "alarm"],
  "door.held_pre_alarm": ["door_open", "door"],
  "door.held": ["door_open", "alarm"],
  "door.held_cleared": ["door_closed", "alarm"],
  "exit.pressed": ["exit", "access"],
  "fire.started": ["fire", "alarm"],
  "fire.ended": ["fire", "alarm"],
  "posture.changed": ["posture", "system"],
  "desired.followed": ["posture", "system"],
  "occupancy.changed": ["people", "access"],
  "occupancy.corrected": ["people", "access"],
  "welfare.asked": ["welfare", "alarm"],
  "welfare.answered": ["welfare", "alarm"],
  "alarm.raised": ["alarm", "alarm"],
  "alarm.cleared": ["alarm_cleared", "alarm"],
  "alarm.acknowledged": ["seen", "alarm"],
  "alarm.shelved": ["shelf", "alarm"],
  "alarm.unshelved": ["shelf", "alarm"],
  "swap.refused": ["refused", "swap"],
  "swap.begun": ["energy", "swap"],
  "swap.ended": ["energy", "swap"],
  "battery.taken_in": ["back", "swap"],
  "battery.given_out": ["forward", "swap"],
  "anomaly.opened": ["alarm", "swap"],
  "anomaly.closed": ["alarm_cleared", "swap"],
  "claim.granted": ["people", "swap"],
  "claim.used": ["people", "swap"],
  "slot.unlocked": ["lock_open", "swap"],
  "slot.door_opened": ["door_open", "swap"],
  "slot.door_closed": ["door_closed", "swap"],
  "slot.set_aside": ["refused", "swap"],
  "slot.given_back": ["access_granted", "swap"],
  "cabinet.tripped": ["fire", "alarm"],
  "cabinet.trip_reset": ["seen", "alarm"],
  "charge.began": ["energy", "swap"],
  "charge.ended": ["energy", "swap"],
  "service.began": ["hand", "swap"],
  "service.ended": ["hand", "swap"],
  "cabinet.ordered": ["posture", "system"],
  "load.switched": ["load", "system"],
  "load.cut": ["load", "system"],
  "energy.used": ["energy", "system"],
  "energy.counted": ["energy", "system"],
  "roster.switched": ["roster", "system"],
  "command.begun": ["command", "system"],
  "command.answered": ["command", "system"],
  "message.refused": ["refused", "system"],
  "clock.trusted": ["clock", "system"],
  "journal.gap": ["journal", "system"],
  "journal.forked": ["journal", "system"],
  "station.booted": ["power", "system"],
  "station.stopped": ["power", "system"],
  "station.health": ["other", "system"],
};

export function describeEvent(event: Event, zone = "UTC"): EventWords {
  const [icon, group] = LOOKS[event.kind] ?? ["other", "system"];
  const values = eventValues(event, zone);
  const variant = `event.${event.kind}.${variantOf(event)}`;
  const known = knownText(variant, values) ?? knownText(`event.${event.kind}`, values);
  return {
    title: known ?? t("event.unknown", { kind: event.kind }),
    detail: known === null ? plain(event.body) : detailOf(event, values),
    icon,
    group,
    minor: group === "door" || group === "system" || MINOR.test(event.kind),
    priority: event.kind === "alarm.raised" ? priorityOf(event.body["priority"]) : null,
  };
}

function detailOf(event: Event, values: Values): string {
  // What nobody is known to have moved needs no word about who did.
  if (event.kind.startsWith("battery.") && event.body["member"] == null) return "";
  return (knownText(`event.${event.kind}.detail`, values) ?? "").trim();
}

/** What the machine does for the people who are told of beside it. */
const MINOR = /^(occupancy|battery|charge)\.|^slot\.(unlocked|door_)|^swap\.begun$/;
/** A meter's checkpoints are for the station itself; a swap's stages are told by its slots. */
const NOT_FOR_PEOPLE: ReadonlySet<string> = new Set(["energy.counted", "swap.staged"]);

/** Telemetry is for graphs. */
export function isForPeople(event: Event): boolean {
  return event.stream !== "telemetry" && !NOT_FOR_PEOPLE.has(event.kind);
}

/** Some kinds are said differently by what is in them. */
function variantOf(event: Event): string {
  const { body } = event;
  if (event.kind === "access.denied") return body["member"] == null ? "stranger" : "member";
  if (event.kind === "door.opened" || event.kind === "door.closed") return body["found"] === true ? "found" : "seen";
  if (event.kind === "station.booted") return body["clean_stop"] === true ? "clean" : "unclean";
  if (event.kind === "occupancy.changed") return body["sure"] === true ? "sure" : "unsure";
  if (event.kind === "door.released" && body["member"] == null) return "anybody";
  // An organisation's log without a change: version 0 says nothing to people.
  if (event.kind === "roster.switched" && body["version"] === 0) return "empty";
  if (event.kind === "load.switched") return body["on"] === true ? "on" : "off";
  if (event.kind === "load.cut") return body["cut"] === true ? "cut" : "restored";
  if (event.kind.startsWith("cabinet.trip")) return body["slot"] == null ? "whole" : "slot";
  if (event.kind === "slot.door_opened") return body["commanded"] === false ? "forced" : "commanded";
  return "";
}

function eventValues(event: Event, zone: string): Values {
  const values: Values = { member: event.member_name ?? "", reason: "" };
  for (const [name, value] of Object.entries(event.body)) {
    if (typeof value === "string" || typeof value === "number") values[name] ||= value;
    if (typeof value === "number" && name.endsWith("_ms")) values[name] = duration(Math.abs(value));
  }
  values["member"] ||= String(event.body["member"] ?? t("event.somebody"));
  for (const [name, words] of Object.entries({ ...CODED, ...CODED_OF[event.kind] })) {
    const value = event.body[name];
    if (typeof value === "string") values[name] = knownText(`${words}.${value}`) ?? value;
  }
  if (event.kind.startsWith("alarm.")) {
    const code = String(event.body["code"]);
    values["code"] = alarmName(code);
    values["source"] = alarmSource(code, String(event.body["source"]));
  }
  if (typeof event.body["load"] === "string") values["load"] = loadName(event.body["load"]);
  if (event.kind === "load.switched") values["cause"] = knownText(`loadcause.${event.body["cause"]}`) ?? String(event.body["cause"]);
  if (event.kind === "energy.used") {
    values["energy"] = energyWords(Number(event.body["energy_wh"]));
    values["source"] = loadName(String(event.body["source"]));
  }
  if (event.kind === "swap.ended") values["moves"] = moves(event.body["battery_in"], event.body["battery_out"]);
  if (event.kind === "anomaly.opened") values["battery"] ??= "";
  if (event.kind === "swap.refused") values["reason"] = knownText(`swap.refusal.${String(event.body["reason"])}`, values) ?? values["reason"] ?? "";
  if (event.kind === "alarm.shelved") values["until"] = shortTime(Number(event.body["until_ms"]), zone);
  return values;
}

/** In the swap's records some fields have codes of their own. */
const CODED_OF: Record<string, Record<string, string>> = {
  "swap.refused": { reason: "swap.refusal", swap_kind: "swap.kind", detail: "reason" },
  "swap.begun": { swap_kind: "swap.kind" },
  "swap.ended": { swap_kind: "swap.kind", outcome: "swap.outcome" },
  "claim.granted": { why: "swap.outcome" },
  "anomaly.opened": { cause: "anomaly.cause", anomaly_kind: "anomaly" },
  "anomaly.closed": { how: "anomaly.end" },
  "slot.unlocked": { cause: "slotcause" },
  "slot.set_aside": { why: "aside" },
  "slot.given_back": { why: "aside" },
  "cabinet.tripped": { trip: "trip" },
  "cabinet.trip_reset": { trip: "trip" },
  "charge.ended": { why: "chargeend" },
};

/** Fields whose values are codes, and the family of texts that explains them. */
const CODED: Record<string, string> = {
  reason: "reason",
  cause: "cause",
  posture: "posture",
  previous: "posture",
  outcome: "outcome",
  why: "why",
  command: "command",
  stream: "stream",
  evidence: "evidence",
  how: "how",
};

function priorityOf(value: unknown): Priority | null {
  return PRIORITIES.find((priority) => priority === value) ?? null;
}

function plain(body: Record<string, unknown>): string {
  return Object.entries(body)
    .map(([name, value]) => `${name} = ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
}

/** A load or meter is known by its id; the usual ids have words. */
export function loadName(id: string): string {
  return knownText(`load.${id}`) ?? id;
}

export function energyWords(wattHours: number): string {
  return wattHours < 1_000 ? t("unit.wh", { value: wattHours }) : t("unit.kwh", { value: (wattHours / 1_000).toFixed(1) });
}

export function alarmName(code: string): string {
  return knownText(`alarm.${code}`) ?? code;
}

/** Codes of which a station can have several at once; of the others the name says it all. */
const OF_MANY = new Set(["reader_offline", "child_restarting", "sensor_offline", "reader_tamper", "load_fault", "pin_guessing"]);

export function alarmSource(code: string, source: string): string {
  return placeWords([source]) ?? namedSource(code, source);
}

function namedSource(code: string, source: string): string {
  return OF_MANY.has(code) || knownText(`alarm.${code}`) === null ? source : "";
}

/** What to do about an alarm, where that can be said. */
export function alarmAdvice(code: string): string {
  return knownText(`advice.${code}`) ?? "";
}

export function byPriority(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort(
    (a, b) => PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || b.since_ms - a.since_ms,
  );
}

/** `code/source`, as alarms name each other. */
export function alarmKey(alarm: { code: string; source: string }): string {
  return `${alarm.code}/${alarm.source}`;
}

/** Alarms about people's lives are never put aside; the cloud refuses it too. */
export function isNeverShelved(code: string): boolean {
  return ["fire", "smoke", "carbon_monoxide", "duress", "welfare"].includes(code);
}

/** Those that somebody should look at: neither put aside, nor explained by another, nor said of the same slot already. */
export function calling(alarms: readonly Alarm[]): Alarm[] {
  const shown = alarms.filter((alarm) => alarm.shelved_until_ms == null && alarm.suppressed_by == null);
  return oneOfEachPlace(shown).map(({ head }) => head);
}

export function worst(alarms: readonly Alarm[]): Priority | null {
  const shown = calling(alarms);
  return PRIORITIES.find((priority) => shown.some((alarm) => alarm.priority === priority)) ?? null;
}

export function countBy(alarms: readonly Alarm[], priority: Priority): number {
  return calling(alarms).filter((alarm) => alarm.priority === priority).length;
}

/** The colour of a drawn door follows the station's standing door alarms, so that both always say the same. */
export function doorAlarm(station: StationSummary): "urgent" | "high" | null {
  const door = worst(station.alarms.filter((alarm) => alarm.code.startsWith("door_") || alarm.code === "fire"));
  return door === "low" ? null : door;
}

export function doorWords(door: Door): string {
  return t(`door.mode.${door.mode}` satisfies MessageKey);
}

const collator = new Intl.Collator("zh-CN", { numeric: true });

/** The worst first, then the unreachable, then by name. */
export function byUrgency(a: StationSummary, b: StationSummary): number {
  return urgency(a) - urgency(b) || collator.compare(a.name, b.name) || collator.compare(a.id, b.id);
}

function urgency(station: StationSummary): number {
  const priority = worst(station.alarms);
  if (priority) return PRIORITIES.indexOf(priority);
  return station.online ? PRIORITIES.length + 1 : PRIORITIES.length;
}
