"""Where a station stands and whom it meets: configuration, wiring, time, and the members of its roster, by seed."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from contract.ids import CredentialHash, LoadId, MemberId, NodeId, ReaderId, SensorId, StationId
from contract.policy.model import Antipassback, Member
from contract.policy.plan import Planned, PosturePlan
from contract.policy.schedule import DayException, Interval, Schedule
from contract.records import Posture
from edge.core.config import AccessConfig, DoorConfig, ExitAction, RelockOn, StationConfig
from edge.core.environment_state import EnvironmentConfig
from edge.core.events import Point
from edge.core.load_state import Load, LoadKind, LoadsConfig
from edge.core.pin_state import PinConfig
from edge.core.presence_state import PresenceConfig
from edge.core.supervision_state import SupervisionConfig
from firmware_sim.lock import LockKind
from proof import cabinet_city
from proof.building import AIR, METER, REPORT_MS, SUPERVISED
from proof.people import DAY_MS
from proof.room import BEAMS, RADAR, RADAR_REPORT_MS
from proof.visits import CARDS

STATION: Final = StationId("station-1")
NODE: Final = NodeId("city-1")
READERS: Final = (ReaderId("front"), ReaderId("side"))
BACK: Final = ReaderId("back")
"""The reader that leads out, where there is one."""
PASSES: Final = range(10, 14)
"""Cards that are passes for one entry; the first two of them within a window."""

# The next of them is in the middle of the first month of some lives: clocks go back, clocks go forward, holidays.
BEGINNINGS: Final = ("2026-09-21", "2026-10-24", "2026-10-14", "2027-03-27", "2027-03-16", "2026-12-22")
HOLIDAYS: Final = frozenset({date(2026, 10, 1), date(2026, 12, 25), date(2027, 1, 1), date(2026, 10, 26)})


@dataclass(frozen=True)
class Hours:
    """The same hours on each of some days of the week, but for holidays; past midnight when they end early."""

    days: frozenset[int]
    start_minute: int
    end_minute: int
    closed_on: frozenset[date] = frozenset()

    def schedule(self) -> Schedule:
        interval = (Interval(self.start_minute, self.end_minute),)
        weekly = tuple(interval if day in self.days else () for day in range(7))
        return Schedule(weekly, tuple(DayException(day) for day in sorted(self.closed_on)))

    def open_at(self, wall_ms: int, zone: tzinfo) -> bool:
        """Written without `contract.policy`."""
        local = datetime.fromtimestamp(wall_ms / 1_000, zone)
        minute, today = local.hour * 60 + local.minute, local.date()
        past_midnight = self.end_minute <= self.start_minute
        if self._begins_on(today) and self.start_minute <= minute and (past_midnight or minute < self.end_minute):
            return True
        return past_midnight and self._begins_on(today - timedelta(days=1)) and minute < self.end_minute

    def _begins_on(self, day: date) -> bool:
        return day.weekday() in self.days and day not in self.closed_on


PAIRING_MS: Final = 10_000
STILL_MS, NIGHT_STILL_MS, ANSWER_MS = 10 * 60_000, 15 * 60_000, 120_000
LOITERING_MS: Final = 180_000
EMPTY_MS: Final = 600_000
RICH: Final = 2.5
TALKATIVE: Final = frozenset({*BEAMS, Point.MOTION_INSIDE, Point.MOTION_OUTSIDE, Point.LOCK_SECURED})
"""Wires that move with every visitor."""
EVERY_DAY: Final = frozenset(range(7))
MEMBERS_HOURS: Final = Hours(EVERY_DAY, 7 * 60, 21 * 60)


@dataclass
class Roster:
    """Who may enter, as the station holds it."""

    version: int = 0
    cards: dict[int, Member | None] = field(default_factory=dict)


@dataclass(frozen=True)
class City:
    """`wall_0_ms` is the true wall time at the beginning of the life; `plan` is the configuration's, in our own words;
    `sensors` are those that are built in."""

    config: StationConfig
    lock_kind: LockKind
    wall_0_ms: int
    zone: tzinfo
    plan: tuple[tuple[Posture, Hours], ...]
    points: frozenset[Point]
    sensors: frozenset[SensorId]
    calm: bool = False
    """Nothing fails here, and nobody is careless."""

    @property
    def talkative(self) -> bool:
        """Visitors are seen by much else than the door: what sensors say again and again can be said less often."""
        return bool(self.points & TALKATIVE) or RADAR in self.sensors

    @property
    def health_every_rounds(self) -> int:
        """A station with little to tell measures its health more often, so that every day has its three thousand
        events; the real one does so every minute."""
        return 10 if self.talkative or self.config.cabinet.slots else (1, 2, 10)[len(self.sensors)]

    @property
    def loads(self) -> tuple[LoadId, ...]:
        return tuple(load.id for load in self.config.loads.loads)

    @property
    def warms(self) -> dict[LoadId, int]:
        by_kind = {LoadKind.HEATING: 250, LoadKind.COOLING: -150}
        return {load.id: by_kind.get(load.kind, 0) for load in self.config.loads.loads}

    def planned_posture(self, wall_ms: int) -> Posture:
        return next((posture for posture, hours in self.plan if hours.open_at(wall_ms, self.zone)), Posture.SECURE)


def city(seed: str) -> City:
    """A station's settings, and what is really built in; all of it where a mutant is hunted."""
    if cabinet_city.is_busy(seed):
        begins_ms = int(cabinet_city.BEGINS.timestamp() * 1_000)
        config = cabinet_city.config(seed, STATION, NODE)
        nothing = frozenset[Point](), frozenset[SensorId]()
        return City(config, LockKind.FAIL_SECURE, begins_ms, UTC, (), *nothing, calm=cabinet_city.is_calm(seed))
    rich = RICH if seed.startswith("mutants/") else 1.0
    luck = random.Random(f"{seed}/city")
    kind = luck.choice(list(LockKind))
    door = DoorConfig(
        relock_on=luck.choice(list(RelockOn)),
        exit_action=luck.choice((ExitAction.RELEASE, ExitAction.RELEASE, ExitAction.SHUNT)),
        held_pre_alarm_ms=luck.choice((20_000, 30_000)),
        bounce_ms=luck.choice((20, 30, 45)),
    )
    capacity = luck.choice((None, 1, 3))
    luck = random.Random(f"{seed}/station")
    out = luck.random() < 0.5
    antipassback = luck.choice(list(Antipassback) if out else [Antipassback.OFF, Antipassback.SOFT])
    zone: tzinfo = luck.choice((UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Berlin")))
    begins = datetime.fromisoformat(luck.choice(BEGINNINGS)).replace(tzinfo=UTC)
    plan = _plan(luck)
    config = StationConfig(
        STATION,
        (*READERS, BACK) if out else READERS,
        (NODE,),
        door,
        AccessConfig(capacity=capacity, antipassback=antipassback, strict_clock=luck.random() < 0.2),
        timezone=zone,
        plan=PosturePlan(tuple(Planned(posture, hours.schedule()) for posture, hours in plan)),
        readers_out=frozenset({BACK}) if out else frozenset(),
    )
    points, sensors = _wiring(luck, rich)
    pins = PinConfig(
        pairing_ms=PAIRING_MS,
        keypads=frozenset(READERS[:1]) if luck.random() < 0.5 * rich else frozenset(),
        codes_alone=luck.random() < 0.4,
    )
    config = replace(
        config,
        pins=pins,
        supervision=SupervisionConfig(points=points),
        environment=EnvironmentConfig(
            sensors=tuple({AIR} & sensors), meters=tuple({METER} & sensors), silent_ms=2 * REPORT_MS + 30_000
        ),
        presence=PresenceConfig(
            radars=tuple({RADAR} & sensors),
            radar_silent_ms=2 * RADAR_REPORT_MS + 30_000,
            welfare_still_ms=STILL_MS,
            welfare_night_still_ms=NIGHT_STILL_MS,
            welfare_answer_ms=ANSWER_MS,
            loitering_ms=LOITERING_MS,
        ),
        loads=_loads(luck) if luck.random() < 0.35 * rich else LoadsConfig(),
    )
    return City(config, kind, int(begins.timestamp() * 1_000), zone, plan, points, sensors)


def _loads(luck: random.Random) -> LoadsConfig:
    """What a station switches, and at times a budget that not all of it fits."""
    opens = Hours(EVERY_DAY, 6 * 60, 23 * 60).schedule()
    return LoadsConfig(
        loads=(
            Load(LoadId("light"), LoadKind.LIGHT, 60, 9),
            Load(LoadId("heating"), LoadKind.HEATING, 1_500),
            Load(LoadId("cooling"), LoadKind.COOLING, 1_200, min_on_ms=180_000, min_off_ms=180_000),
            Load(LoadId("sockets"), LoadKind.SOCKETS, 800, 3),
            Load(LoadId("sign"), LoadKind.SIGN, 50, 7, opens),
        ),
        budget_w=luck.choice((None, 3_000, 2_000, 900)),
        empty_after_ms=EMPTY_MS,
    )


def _plan(luck: random.Random) -> tuple[tuple[Posture, Hours], ...]:
    """Public hours on some days, a number wanted too at night; or no plan at all."""
    if luck.random() < 0.4:
        return ()
    public = Hours(frozenset(luck.sample(range(7), 3)), 9 * 60 + luck.randrange(60), 11 * 60, HOLIDAYS)
    night = Hours(EVERY_DAY, 23 * 60, luck.choice((2 * 60 + 30, 5 * 60)))
    repair = Hours(frozenset({luck.randrange(7)}), 2 * 60, 2 * 60 + 30)
    return ((Posture.OUT_OF_SERVICE, repair), (Posture.FREE_ACCESS, public), (Posture.TWO_FACTOR, night))


def _wiring(luck: random.Random, rich: float) -> tuple[frozenset[Point], frozenset[SensorId]]:
    """Each station has some of it; more costs more time than it finds."""
    points: set[Point] = set()
    sensors: set[SensorId] = set()
    if luck.random() < 0.35 * rich:
        points |= set(BEAMS)
        sensors |= {RADAR} if luck.random() < 0.8 * rich else set()
    elif luck.random() < 0.2:
        sensors.add(RADAR)
    for point, chance in ((Point.MOTION_INSIDE, 0.15), (Point.MOTION_OUTSIDE, 0.25), (Point.LOCK_SECURED, 0.2)):
        points |= {point} if luck.random() < chance * rich else set()
    points |= set(SUPERVISED) if luck.random() < 0.5 * rich else set()
    sensors |= {AIR} if luck.random() < 0.35 * rich else set()
    sensors |= {METER} if luck.random() < 0.3 * rich else set()
    return frozenset(points), frozenset(sensors)


def members(seed: str, wall_0_ms: int) -> dict[int, Member | None]:
    """The holder of each card: decent members for the most part, and every kind that must stay out."""
    if cabinet_city.is_busy(seed):
        return cabinet_city.members()
    luck = random.Random(f"{seed}/members")
    cards: dict[int, Member | None] = {}
    for number in range(CARDS):
        name = MemberId(f"m{number}")
        ends_ms = wall_0_ms + luck.randrange(30 * DAY_MS)
        special: dict[int, Member | None] = {
            0: None,
            1: None,
            2: Member(name, revoked=True),
            3: Member(name, valid_until_ms=wall_0_ms - 1_000),
            4: Member(name, valid_until_ms=ends_ms),
            5: Member(name, valid_from_ms=ends_ms),
            6: Member(name, stations=frozenset({StationId("station-2")})),
            7: Member(name, stations=frozenset({STATION})),
            8: Member(name, schedule=MEMBERS_HOURS.schedule()),
            9: Member(name, extended_release=True),
        }
        cards[number] = special.get(number, Member(name, trade="courier"))
    for number in PASSES:
        ends = wall_0_ms + 20 * DAY_MS if number < 12 else None
        cards[number] = Member(pass_name(MemberId(f"m{number}"), 0), valid_until_ms=ends, once=True)
    return cards


def pass_name(before: MemberId, version: int) -> MemberId:
    """Each pass is one of its own."""
    return MemberId(f"{before.partition('/')[0]}/{version}")


def card_hash(number: int) -> CredentialHash:
    return CredentialHash(f"{number:064x}")
