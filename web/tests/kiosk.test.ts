import { describe, expect, it } from "vitest";
import { language } from "@/shared/preferences";
import type { ScreenView } from "@/kiosk/screen";
import { headline, peopleLine } from "@/kiosk/words";
import schema from "../openapi/kiosk.json";

const CALM: ScreenView = {
  known: true,
  emergency: null,
  lock_released: false,
  welfare_asked: false,
  posture: "secure",
  people: 3,
  people_sure: true,
  capacity: 20,
  full: false,
  close_door: false,
  notice: null,
};

function view(changes: Partial<ScreenView>): ScreenView {
  return { ...CALM, ...changes };
}

describe("the station's screen", () => {
  it("has a sentence for every posture", () => {
    for (const posture of schema.components.schemas.Posture.enum as ScreenView["posture"][]) {
      expect(headline(view({ posture })).title).toBeTruthy();
    }
  });

  it("tells what to do about every denial, and one that it does not know sends to people", () => {
    language.value = "zh";
    const texts = schema.components.schemas.Reason.enum.map(
      (reason) => headline(view({ notice: { kind: "denied", reason: reason as never } })).text,
    );
    expect(texts.filter((text) => text.startsWith("kiosk."))).toEqual([]);
    const unknown = headline(view({ notice: { kind: "denied", reason: "of_a_later_year" as never } })).text;
    expect(unknown).toBe("请联系驿站管理人员");
    expect(texts.filter((text) => text !== unknown).length).toBeGreaterThan(15);
  });

  it("says what has become of a card before anything that lasts", () => {
    const full = view({ full: true, people: 20, close_door: true });
    expect(headline({ ...full, notice: { kind: "granted", reason: null } }).tone).toBe("welcome");
    expect(headline(full).icon).toBe("door_open");
    expect(headline({ ...full, close_door: false }).icon).toBe("people");
  });

  it("does not send people to wait at a door that nobody may enter", () => {
    expect(headline(view({ full: true, posture: "lockdown" })).icon).toBe("lock_closed");
  });

  it("says about how many are inside when nobody can be sure", () => {
    language.value = "zh";
    expect(peopleLine(view({}))).toBe("站内 3 人，最多 20 人");
    expect(peopleLine(view({ people_sure: false, capacity: null }))).toBe("站内约 3 人");
  });
});
