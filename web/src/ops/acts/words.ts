/** What people have done, in words. */
import type { IconName } from "@/shared/icons";
import { knownText, t } from "@/shared/i18n";
import { shortTime } from "@/shared/time";
import type { ActShown } from "../api";
import { alarmName, loadName } from "../words";

const ICONS: Record<string, IconName> = {
  "command.release": "lock_open",
  "command.restart": "power",
  "command.open_slot": "lock_open",
  "command.lock_out_slot": "refused",
  "command.give_back_slot": "access_granted",
  "command.reset_trip": "seen",
  "command.resume_charging": "energy",
  "desired.posture": "posture",
  "desired.loads_cut": "load",
  "alarm.acknowledge": "seen",
  "alarm.shelve": "shelf",
  "passes.issue": "pass",
  "members.pin": "roster",
  "members.code": "roster",
  "members.numbers_taken_back": "roster",
};

export interface ActWords {
  title: string;
  icon: IconName;
  outcome: string;
  /** It has not become what was wanted. */
  isOpen: boolean;
}

export function describeAct(act: ActShown): ActWords {
  return { title: title(act), icon: ICONS[act.act] ?? "other", outcome: outcome(act), isOpen: isOpen(act) };
}

function title(act: ActShown): string {
  const { detail } = act;
  const text = (name: string) => String(detail[name] ?? "");
  const until = shortTime(Number(detail["until_ms"] ?? 0), act.timezone ?? "Asia/Shanghai");
  switch (act.act) {
    case "desired.posture": {
      const posture = detail["posture"];
      if (posture == null) return t("act.desired.posture.schedule");
      return t("act.desired.posture", { posture: knownText(`posture.${String(posture)}`) ?? String(posture) });
    }
    case "desired.loads_cut":
      return loads(detail["cut"]);
    case "alarm.acknowledge":
      return t("act.alarm.acknowledge", { alarm: alarmName(text("code")) });
    case "alarm.shelve": {
      const alarm = alarmName(text("code"));
      return Number(detail["until_ms"]) > 0 ? t("act.alarm.shelve", { alarm, until }) : t("act.alarm.unshelve", { alarm });
    }
    case "passes.issue":
      return t(detail["once"] === true ? "act.passes.issue.once" : "act.passes.issue.window", { until });
    default: {
      const trip = knownText(`trip.${text("trip")}`) ?? text("trip");
      const values = { member: text("member"), digits: text("digits"), slot: text("slot"), trip };
      return knownText(`act.${act.act}`, values) ?? t("act.unknown", { act: act.act });
    }
  }
}

function loads(cut: unknown): string {
  const wanted = Object.entries((cut ?? {}) as Record<string, boolean>);
  const named = (isCut: boolean) => wanted.filter(([, value]) => value === isCut).map(([id]) => loadName(id));
  const said = [
    named(true).length > 0 ? t("act.desired.loads_cut", { loads: named(true).join(t("text.and")) }) : "",
    named(false).length > 0 ? t("act.desired.loads_back", { loads: named(false).join(t("text.and")) }) : "",
  ];
  return said.filter(Boolean).join(t("text.comma"));
}

function outcome(act: ActShown): string {
  if (act.command_status !== null) {
    const answer = act.command_answer;
    const words = answer ? (knownText(`answer.${answer}`) ?? knownText(`reason.${answer}`) ?? answer) : "";
    return [t(`command.status.${act.command_status}`), words].filter(Boolean).join(t("text.because"));
  }
  return act.act.startsWith("desired.") || act.act.startsWith("alarm.") ? t("act.ordered") : t("command.status.done");
}

function isOpen(act: ActShown): boolean {
  return act.command_status !== null && act.command_status !== "done";
}
