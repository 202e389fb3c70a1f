/** A line of the world's own log in people's words. */
import { knownText, t, type Values } from "@/shared/i18n";
import type { ThingView, WorldView } from "./world";

export type LogLine = WorldView["log"][number];

/** Fields whose values are codes, and the family of texts that explains them. */
const CODED: Record<string, string> = {
  story: "story",
  outcome: "visit",
  cause: "lockcause",
  wire: "panel.wire",
  color: "color",
  beam: "panel.beam",
  where: "panel.where",
  what: "panel.what",
};

export function describeLine(line: LogLine, names: ReadonlyMap<string, string>): string {
  const kind = String(line["kind"]);
  const values: Values = {};
  for (const [name, value] of Object.entries(line)) {
    if (typeof value === "number") values[name] = Math.round(value * 10) / 10;
    else if (typeof value === "string") values[name] = word(kind, name, value, line, names);
  }
  const device = knownText(`world.${kind}.${String(line["device"])}`, values);
  if (kind === "battery_moved" && !(line["from"] && line["to"])) {
    return t(line["to"] ? "world.battery_moved.begins" : "world.battery_moved.leaves", values);
  }
  return device ?? byYesOrNo(line, kind, values) ?? byCode(line, kind, values) ?? knownText(`world.${kind}`, values) ?? kind;
}

/** A line may hold several yes-or-no fields; the first that has a text of its own speaks. */
function byYesOrNo(line: LogLine, kind: string, values: Values): string | null {
  for (const [name, value] of Object.entries(line)) {
    if (typeof value !== "boolean") continue;
    const text = knownText(`world.${kind}.${name}.${value ? "yes" : "no"}`, values);
    if (text !== null) return text;
  }
  return null;
}

/** As with yes or no: where somebody is now, or what they do, has a text of its own. */
function byCode(line: LogLine, kind: string, values: Values): string | null {
  for (const name of ["place", "doing"]) {
    const text = knownText(`world.${kind}.${name}.${String(line[name])}`, values);
    if (text !== null) return text;
  }
  return null;
}

/** Somebody's name; those who only happen in a story have none. */
export function nameOf(person: string, names: ReadonlyMap<string, string>): string {
  if (person.startsWith("visitor-")) return t("panel.visitor");
  return names.get(person) ?? t("panel.somebody");
}

/** A battery, or a thing that is none, in a line. */
export function describeThing(thing: ThingView): string {
  if (!thing.battery) return t("panel.thing.brick", { serial: thing.serial });
  const state = thing.burning ? "burning" : thing.asleep ? "asleep" : thing.foreign ? "foreign" : null;
  const values = { serial: thing.serial, model: thing.model, soc: thing.soc_percent, soh: thing.soh_percent, celsius: thing.celsius };
  const words = t("panel.thing.battery", values);
  return state === null ? words : words + t("text.comma") + t(`panel.thing.${state}`);
}

/** Where a battery was or is: `slot:3`, `person:rider-1`, or nowhere in this world. */
function placeOf(place: string, names: ReadonlyMap<string, string>): string {
  const [kind, id = ""] = place.split(":", 2);
  if (kind === "slot") return t("slot.number", { slot: id });
  return kind === "person" ? nameOf(id, names) : t("panel.elsewhere");
}

function word(kind: string, name: string, value: string, line: LogLine, names: ReadonlyMap<string, string>): string {
  if (name === "person") return nameOf(value, names);
  if (kind === "battery_moved" && (name === "from" || name === "to")) return placeOf(value, names);
  if (kind === "fault" && name === "name") {
    const words = knownText(`fault.${value}.${String(line["target"])}`) ?? knownText(`fault.${value}`) ?? value;
    const isOfSlot = value.startsWith("cabinet_") || value.startsWith("bms_");
    return isOfSlot && line["target"] ? words + t("text.comma") + t("slot.number", { slot: String(line["target"]) }) : words;
  }
  const family = CODED[name];
  return (family && knownText(`${family}.${value}`)) || value;
}

/** A contact's chatter as one line: its last edge, and how often it came and went before. Oldest first, as the log is. */
export function withoutBounces(log: readonly LogLine[]): { line: LogLine; bounces: number }[] {
  const told: { line: LogLine; bounces: number }[] = [];
  for (const line of log) {
    const last = told.at(-1);
    const again = line["kind"] === "pin_edge" && last?.line["kind"] === "pin_edge" && last.line["pin"] === line["pin"];
    if (last && again) {
      last.bounces += line["level"] === last.line["level"] ? 0 : 0.5;
      last.line = line;
    } else {
      told.push({ line, bounces: 0 });
    }
  }
  return told.map(({ line, bounces }) => ({ line, bounces: Math.ceil(bounces) }));
}
