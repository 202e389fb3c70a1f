/** What the screen says: the one sentence that matters most, and what to do. */
import type { IconName } from "@/shared/icons";
import { knownText, t } from "@/shared/i18n";
import type { Notice, ScreenView } from "./screen";

/** `calls` says that somebody at the door should do something other than walk in. */
export interface Headline {
  icon: IconName;
  title: string;
  text: string;
  tone: "calm" | "calls" | "welcome";
}

export function headline(view: ScreenView): Headline {
  if (view.notice) return ofNotice(view.notice);
  if (view.close_door) {
    return { icon: "door_open", title: t("kiosk.close_door"), text: t("kiosk.close_door.text"), tone: "calls" };
  }
  if (view.full && isOpening(view)) {
    return { icon: "people", title: t("kiosk.full"), text: t("kiosk.full.text"), tone: "calls" };
  }
  return ofPosture(view);
}

function isOpening(view: ScreenView): boolean {
  return view.posture !== "lockdown" && view.posture !== "out_of_service";
}

function ofPosture(view: ScreenView): Headline {
  const icon: Record<ScreenView["posture"], IconName> = {
    secure: "reader",
    free_access: "door_open",
    two_factor: "reader",
    lockdown: "lock_closed",
    out_of_service: "refused",
  };
  return {
    icon: icon[view.posture],
    title: t(`kiosk.posture.${view.posture}`),
    text: t(`kiosk.posture.${view.posture}.text`),
    tone: isOpening(view) ? "calm" : "calls",
  };
}

function ofNotice(notice: Notice): Headline {
  switch (notice.kind) {
    case "granted":
      return { icon: "lock_open", title: t("kiosk.granted"), text: t("kiosk.granted.text"), tone: "welcome" };
    case "number_wanted":
      return { icon: "reader", title: t("kiosk.number_wanted"), text: t("kiosk.number_wanted.text"), tone: "welcome" };
    case "numbers_locked":
      return { icon: "clock", title: t("kiosk.numbers_locked"), text: t("kiosk.numbers_locked.text"), tone: "calls" };
    default:
      return { icon: "access_denied", title: t("kiosk.denied"), text: denial(notice), tone: "calls" };
  }
}

/** Why, and what to do about it; a reason that this page does not know yet says that somebody can help. */
function denial(notice: Notice): string {
  return knownText(`kiosk.denied.${notice.reason}`) ?? t("kiosk.denied.other");
}

/** How many are inside: a number that nobody can be sure of is called about. */
export function peopleLine(view: ScreenView): string {
  const known = view.capacity === null ? "kiosk.people" : "kiosk.people.of";
  const values = { count: view.people, capacity: view.capacity ?? 0 };
  return view.people_sure ? t(known, values) : t(`${known}.about`, values);
}
