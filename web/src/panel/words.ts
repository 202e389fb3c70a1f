/** A line of the world's own log in people's words. */
import { knownText, t, type Values } from "@/shared/i18n";
import type { WorldView } from "./world";

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

function word(kind: string, name: string, value: string, line: LogLine, names: ReadonlyMap<string, string>): string {
  if (name === "person") return nameOf(value, names);
  if (kind === "fault" && name === "name") {
    return knownText(`fault.${value}.${String(line["target"])}`) ?? knownText(`fault.${value}`) ?? value;
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
