/** A line of the world's own log in people's words. */
import { knownText, type Values } from "@/shared/i18n";
import type { WorldView } from "./world";

export type LogLine = WorldView["log"][number];

/** Fields whose values are codes, and the family of texts that explains them. */
const CODED: Record<string, string> = {
  story: "story",
  outcome: "visit",
  cause: "lockcause",
  wire: "panel.wire",
};

export function describeLine(line: LogLine, names: ReadonlyMap<string, string>): string {
  const kind = String(line["kind"]);
  const values: Values = {};
  for (const [name, value] of Object.entries(line)) {
    if (typeof value === "number") values[name] = Math.round(value * 10) / 10;
    else if (typeof value === "string") values[name] = word(kind, name, value, line, names);
  }
  return byYesOrNo(line, kind, values) ?? knownText(`world.${kind}`, values) ?? kind;
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

function word(kind: string, name: string, value: string, line: LogLine, names: ReadonlyMap<string, string>): string {
  if (name === "person") return names.get(value) ?? value;
  if (kind === "fault" && name === "name") {
    return knownText(`fault.${value}.${String(line["target"])}`) ?? knownText(`fault.${value}`) ?? value;
  }
  const family = CODED[name];
  return (family && knownText(`${family}.${value}`)) || value;
}
