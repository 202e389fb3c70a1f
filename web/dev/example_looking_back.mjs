/** What people have done and what stations have used, for pages without a cloud behind them. */
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const COUNT = 63;

/** [minutes ago, who, act, detail, why, what became of a command] */
const DONE = [
  [3, "王芳", "command.release", { id: "c-2" }, "救援人员已到", ["refused", "lockdown"]],
  [4, "李静", "desired.posture", { posture: "lockdown" }, "现场有纠纷"],
  [26, "王芳", "command.release", { id: "c-1" }, "会员忘带卡，已核对身份", ["done", null]],
  [40, "赵磊", "desired.loads_cut", { cut: { sockets: true, light: false } }, "线路或设备过热"],
  [75, "王芳", "alarm.shelve", { code: "too_cold", source: "air-1", until_ms: Date.now() + 90 * MINUTE }, "已报修，等待处理"],
  [90, "王芳", "alarm.acknowledge", { code: "mains_lost", source: "mains" }, null],
  [1_500, "李静", "passes.issue", { id: "p", once: true, until_ms: Date.now() - 20 * 60 * MINUTE }, "区总工会来访"],
  [1_600, "cli:root", "members.code", { member: "rider-1042", digits: 8 }, null],
];

function act(index, station) {
  const [minutes, by, name, detail, reason, became] = DONE[index % DONE.length];
  const isOfNobody = name.startsWith("members.");
  return {
    id: COUNT - index,
    at_ms: Math.round(Date.now() - minutes * MINUTE - Math.floor(index / DONE.length) * DAY * 2),
    by,
    act: name,
    station: isOfNobody ? null : station,
    station_name: isOfNobody ? null : "朝阳门外街道驿站",
    timezone: isOfNobody ? null : "Asia/Shanghai",
    reason,
    detail,
    command_status: became?.[0] ?? null,
    command_answer: became?.[1] ?? null,
  };
}

export function acts(query) {
  const station = query.get("station");
  const all = Array.from({ length: COUNT }, (_, index) => act(index, station ?? "yz-bj-0001"));
  const wanted = all.filter((one) => (!station || one.station === station) && one.id < Number(query.get("before") ?? COUNT + 1));
  const shown = wanted.slice(0, Number(query.get("limit") ?? 50));
  return { acts: shown, next_before: wanted.length > shown.length ? shown.at(-1).id : null };
}

export function energy() {
  const days = Array.from({ length: 20 }, (_, index) => new Date(Date.now() - (index + 1) * DAY).toISOString().slice(0, 10));
  return {
    days: days.flatMap((day, index) => [
      { day, source: "light", energy_wh: 380 },
      { day, source: "mains", energy_wh: 5_200 + ((index * 2_713) % 6_900) },
    ]),
  };
}
