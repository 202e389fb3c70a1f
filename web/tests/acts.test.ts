import { afterEach, describe, expect, it } from "vitest";
import { describeAct } from "@/ops/acts/words";
import type { ActShown } from "@/ops/api";
import { byDay, DAYS, meteredWh } from "@/ops/station/energy";
import { language } from "@/shared/preferences";

afterEach(() => (language.value = "zh"));

function act(name: string, detail: Record<string, unknown> = {}, more: Partial<ActShown> = {}): ActShown {
  const shown = { id: 1, at_ms: 0, by: "王芳", act: name, station: "s-1", station_name: "驿站", timezone: "Asia/Shanghai" };
  return { ...shown, reason: "检修", command_status: null, command_answer: null, ...more, detail };
}

describe("an act", () => {
  it("says what was done, in both languages", () => {
    const posture = act("desired.posture", { posture: "lockdown" });
    expect(describeAct(posture).title).toBe("门禁模式改为“封闭”");
    language.value = "en";
    expect(describeAct(posture).title).toBe('Set the door to "Lockdown"');
    expect(describeAct(act("desired.posture", { posture: null })).title).toContain("schedule");
  });

  it("names the loads that were cut off and those that were given back", () => {
    const both = act("desired.loads_cut", { cut: { light: true, sockets: true, heating: false } });
    expect(describeAct(both).title).toBe("切断照明、插座，恢复取暖");
  });

  it("that takes a shelved alarm back is not one that shelves it", () => {
    expect(describeAct(act("alarm.shelve", { code: "door_held", until_ms: 0 })).title).toBe("取消搁置告警“门未关”");
    expect(describeAct(act("alarm.shelve", { code: "door_held", until_ms: 1_700_000_000_000 })).title).toContain("搁置告警“门未关”到");
  });

  it("says what became of a command, and an order that it stands", () => {
    const refused = act("command.release", { id: "x" }, { command_status: "refused", command_answer: "lockdown" });
    expect(describeAct(refused).outcome).toBe("站点拒绝：站点封闭中");
    expect(describeAct(refused).isOpen).toBe(true);
    expect(describeAct(act("command.release", {}, { command_status: "done" })).isOpen).toBe(false);
    expect(describeAct(act("desired.posture", { posture: "secure" })).outcome).toBe("已下达");
    expect(describeAct(act("members.pin", { member: "m-1" })).outcome).toBe("已完成");
  });

  it("that this page does not know is shown as it is", () => {
    expect(describeAct(act("cabinet.unlock")).title).toBe("其他操作：cabinet.unlock");
  });
});

describe("a day's energy", () => {
  const loads = new Set(["light", "heating"]);

  it("is the meters' where there are meters, and the loads' where there are none", () => {
    expect(meteredWh([["mains", 900], ["light", 200]], loads)).toBe(900);
    expect(meteredWh([["heating", 700], ["light", 200]], loads)).toBe(900);
    expect(meteredWh([], loads)).toBe(0);
  });

  it("is one number a day, the newest first, of two weeks", () => {
    const rows = Array.from({ length: 20 }, (_, index) => `2026-11-${String(index + 1).padStart(2, "0")}`).flatMap((day, index) => [
      { day, source: "mains", energy_wh: 1_000 + index },
      { day, source: "light", energy_wh: 5 },
    ]);
    const days = byDay(rows, loads);
    expect(days.length).toBe(DAYS);
    expect(days[0]).toEqual({ day: "2026-11-20", wattHours: 1_019 });
  });
});
