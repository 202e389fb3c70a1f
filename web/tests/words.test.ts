import { afterEach, describe, expect, it } from "vitest";
import type { Event } from "@/ops/api";
import { byUrgency, describeEvent } from "@/ops/words";
import { describeLine, nameOf, withoutBounces } from "@/panel/words";
import { language } from "@/shared/preferences";
import { ago, dayName, duration } from "@/shared/time";
import type { StationSummary } from "@/ops/api";

afterEach(() => (language.value = "zh"));

function event(kind: string, body: Record<string, unknown>, memberName: string | null = null): Event {
  return { kind, body, member_name: memberName } as Event;
}

describe("an event", () => {
  it("names the member", () => {
    expect(describeEvent(event("access.granted", { reader: "entry", member: "m-1" }, "王磊")).title).toBe("王磊验证通过");
  });

  it("explains the reason of a denial", () => {
    const body = { reader: "entry", member: null, reason: "unknown_credential" };
    expect(describeEvent(event("access.denied", body)).detail).toBe("凭证未登记，读卡器 entry");
    language.value = "en";
    expect(describeEvent(event("access.denied", body)).title).toBe("An unknown credential was denied");
  });

  it("says how long a door was held", () => {
    language.value = "en";
    expect(describeEvent(event("door.held_cleared", { open_ms: 95_000 })).title).toBe("Door closed after 1 min 35 s");
  });

  it("of an unknown kind is shown with what is in it", () => {
    const words = describeEvent(event("battery.swapped", { slot: 4, ok: true }));
    expect(words.title).toBe("其他事件：battery.swapped");
    expect(words.detail).toContain("slot = 4");
  });

  it("with an unknown reason shows the code", () => {
    expect(describeEvent(event("access.denied", { reader: "entry", member: "m", reason: "new_rule" })).detail).toContain(
      "new_rule",
    );
  });
});

describe("times", () => {
  const noon = Date.UTC(2026, 10, 22, 4, 0, 0);

  it("are told in steps that people use", () => {
    expect(ago(noon - 1_000, noon)).toBe("刚刚");
    expect(ago(noon - 250_000, noon)).toBe("4 分钟前");
    expect(ago(noon + 3_000, noon)).toBe("刚刚");
    expect(duration(250_000)).toBe("4 分 10 秒");
  });

  it("belong to the day of the station's zone", () => {
    const lateInBeijing = Date.UTC(2026, 10, 21, 17, 0, 0);
    expect(dayName(lateInBeijing, "Asia/Shanghai", noon)).toBe("今天");
    expect(dayName(lateInBeijing, "UTC", noon)).toBe("昨天");
  });

  it("survive a zone that the browser does not know", () => {
    expect(dayName(noon, "Mars/Olympus", noon)).toBe("今天");
  });
});

describe("stations", () => {
  const station = (name: string, online: boolean, ...priorities: string[]) =>
    ({ id: name, name, online, alarms: priorities.map((priority) => ({ priority })) }) as StationSummary;

  it("are ordered by what needs somebody first", () => {
    const stations = [station("calm", true), station("low", true, "low"), station("away", false), station("urgent", true, "low", "urgent")];
    expect(stations.sort(byUrgency).map(({ name }) => name)).toEqual(["urgent", "low", "away", "calm"]);
  });
});

describe("a line of the world's log", () => {
  const names = new Map([["rider-1", "王磊"]]);

  it("is said in words", () => {
    expect(describeLine({ kind: "card_shown", person: "rider-1", reader: "entry" }, names)).toBe("王磊把卡贴上读卡器");
    expect(describeLine({ kind: "lock_edge", released: true, cause: "exit", pin: false }, names)).toBe("锁松开（出门按钮）");
    expect(describeLine({ kind: "fault", name: "cut_wire", target: "fire", on: true }, names)).toBe("出现故障：剪断消防线");
  });

  it("says where a battery goes", () => {
    const moved = { kind: "battery_moved", serial: "YZB1", person: "rider-1" };
    expect(describeLine({ ...moved, from: "slot:3", to: "person:rider-1" }, names)).toBe("王磊移动电池 YZB1：3 号仓 → 王磊");
    expect(describeLine({ ...moved, person: "", from: "", to: "slot:2" }, names)).toBe("电池 YZB1 起初位置：2 号仓");
    expect(describeLine({ ...moved, from: "person:rider-1", to: "" }, names)).toBe("王磊把 YZB1 带回家");
  });

  it("names the slot that is broken", () => {
    const line = { kind: "fault", name: "bms_silent", target: "4", on: true };
    expect(describeLine(line, names)).toBe("出现故障：电池不应答，4 号仓");
    expect(describeLine({ ...line, name: "cabinet_noise", target: null }, names)).toBe("出现故障：换电柜线路噪声");
  });

  it("of an unknown kind is its kind", () => {
    expect(describeLine({ kind: "earthquake" }, names)).toBe("earthquake");
  });
});

describe("a contact's chatter", () => {
  const edge = (pin: number, level: boolean) => ({ kind: "pin_edge", pin, level });

  it("is told as its last edge with the number of bounces", () => {
    const told = withoutBounces([edge(27, true), edge(27, false), edge(27, true), edge(17, true), { kind: "door", open: true }]);
    expect(told).toEqual([
      { line: edge(27, true), bounces: 1 },
      { line: edge(17, true), bounces: 0 },
      { line: { kind: "door", open: true }, bounces: 0 },
    ]);
  });
});

describe("people at the simulated station", () => {
  const names = new Map([["rider-1", "王磊"]]);

  it("are said to be where they are, and how many are inside then", () => {
    expect(describeLine({ kind: "person", person: "rider-1", place: "inside", inside: 1 }, names)).toBe("王磊在站内，共 1 人");
    language.value = "en";
    expect(describeLine({ kind: "person", person: "rider-1", place: "inside", inside: 2 }, names)).toBe(
      "王磊 is inside; 2 people in all",
    );
  });

  it("lie down and get up", () => {
    expect(describeLine({ kind: "doing", person: "rider-1", doing: "lying", place: "inside" }, names)).toBe("王磊躺下不动");
  });

  it("break beams that have names", () => {
    expect(describeLine({ kind: "beam", beam: "outer", broken: true }, names)).toBe("外侧光束被挡住");
    language.value = "en";
    expect(describeLine({ kind: "beam", beam: "inner", broken: false }, names)).toBe("The inner beam is whole again");
  });

  it("have a word for them when nobody knows their name", () => {
    expect(nameOf("shadow-visit-3", names)).toBe("陌生人");
    expect(nameOf("visitor-visit-3", names)).toBe("访客");
  });
});
