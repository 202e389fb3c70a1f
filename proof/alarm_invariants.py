"""Alarms: each stands exactly while its condition does, within its delays; what people do about one is about that one.

Delays are written down here again, because a wrong table is a bug.
"""

from typing import TYPE_CHECKING, Final

from contract.records import AlarmAcknowledged, AlarmCleared, AlarmCode, AlarmShelved, DoorMode
from edge.core import events
from edge.core.state import StationState
from proof.building import AIR, REPORT_MS
from proof.require import require
from proof.told import UNTIL_SEEN

if TYPE_CHECKING:
    from proof.life import Life

SETTLE_MS: Final = 150
ON_DELAY_MS: Final = {
    "reader_offline": 2_000, "uplink_down": 60_000, "clock_untrusted": 600_000, "reader_tamper": 30,
    "enclosure_tamper": 30, "mains_lost": 5_000, "battery_low": 30_000, "load_fault": 5_000,
}  # fmt: skip
"""How long a condition may stand before its alarm does."""
OFF_DELAY_MS: Final = {
    "reader_offline": 5_000, "uplink_down": 10_000, "child_restarting": 10_000, "sensor_offline": 10_000,
    "reader_tamper": 1_000, "enclosure_tamper": 1_000, "mains_lost": 30_000, "battery_low": 60_000,
}  # fmt: skip
"""How long an alarm may outlive its condition."""
LIFE_SAFETY: Final = frozenset(
    {AlarmCode.FIRE, AlarmCode.SMOKE, AlarmCode.CARBON_MONOXIDE, AlarmCode.DURESS, AlarmCode.WELFARE}
)
STAYS_UNTIL_SEEN: Final = frozenset(
    {
        AlarmCode.FIRE, AlarmCode.SMOKE, AlarmCode.CARBON_MONOXIDE, AlarmCode.WELFARE, AlarmCode.DURESS,
        AlarmCode.DOOR_FORCED, AlarmCode.READER_TAMPER, AlarmCode.ENCLOSURE_TAMPER, AlarmCode.WATER_LEAK,
        AlarmCode.JOURNAL_FORKED, AlarmCode.JOURNAL_RESET, AlarmCode.RECORDS_DROPPED, AlarmCode.LOCK_FAULT,
        AlarmCode.PIN_GUESSING, AlarmCode.CABINET_TRIPPED, AlarmCode.CHARGER_FAULT, AlarmCode.SLOT_FORCED,
    }
)  # fmt: skip
"""What somebody has to look at even if it is over by itself."""
LONGEST_LOCK_MS: Final = 900_000
LONGEST_SHELF_MS: Final = 24 * 3_600_000
SHELF_SLACK_MS: Final = 90_000
SEES_MS: Final = 5_000
"""Smoke is believed by the second report, two seconds after the first."""
HOT, COLD, GAP = 350, 50, 10
FAULT_MS: Final = 3_000


def active_in(state: StationState) -> set[str]:
    """The alarms whose conditions stand, as `code/source`."""
    return {f"{alarm.code.value}/{alarm.source}" for alarm in state.durable.alarms if alarm.active}


def door_alarms_stand_as_the_door_does(state: StationState) -> None:
    """Held, forced and fire are alarms exactly while they are the door's state."""
    door, standing = state.durable.door, active_in(state)
    for name, so in (
        ("door_held/door", door.mode is DoorMode.HELD),
        ("door_forced/door", door.mode is DoorMode.FORCED),
        ("fire/fire", door.fire),
    ):
        require((name in standing) == so, "alarms_stand_as_their_conditions", f"{name} in {door.mode}")


def alarms_stand_within_their_delays(life: "Life", state: StationState) -> None:
    """Every part that is in trouble for longer than its delay has its alarm, and no other part has."""
    now_ms, shell = life.timeline.now_ms, life.shell
    standing = active_in(state)
    for name, told in shell.told.items():
        if not told.bad and name not in standing:
            continue
        code, stood_ms = name.partition("/")[0], now_ms - told.since_ms
        on_ms, off_ms = ON_DELAY_MS.get(code, 0), OFF_DELAY_MS.get(code, 0)
        if told.bad and stood_ms > on_ms + SETTLE_MS:
            require(name in standing, "alarms_stand_as_their_conditions", f"{name} is missing")
        elif told.bad and stood_ms < on_ms - SETTLE_MS and told.well_ms > off_ms + SETTLE_MS:
            require(name not in standing, "alarms_stand_as_their_conditions", f"{name} stands too early")
        elif not told.bad and stood_ms > off_ms + SETTLE_MS:
            require(name not in standing, "alarms_stand_as_their_conditions", f"{name} stands, and all is well")
    fire = "fire/fire" in standing
    require(not shell.pins_ok or fire == life.world.fire, "alarms_stand_as_their_conditions", "fire")
    if AIR in life.city.sensors:
        _air_is_judged(life, standing)


def guessing_is_told(life: "Life", state: StationState) -> None:
    """While numbers are locked out at a reader; and not any more a quarter of an hour after the last wrong one."""
    now_ms, truth, standing = life.timeline.now_ms, life.access, active_in(state)
    run_ms = now_ms - max(life.shell.since_ms, life.shell.stalled_ms)
    for reader in life.config.pins.keypads:
        stands = f"pin_guessing/{reader}" in standing
        locked = now_ms < truth.locked_until_ms.get(reader, 0) - SETTLE_MS
        require(stands or not locked or run_ms < SETTLE_MS, "guessing_is_told", f"{reader} is locked out, no alarm")
        quiet_ms = min(now_ms - truth.wrong_ms.get(reader, 0), run_ms)
        require(not stands or quiet_ms < LONGEST_LOCK_MS + SETTLE_MS, "guessing_is_told", f"quiet for {quiet_ms} ms")


def _air_is_judged(life: "Life", standing: set[str]) -> None:
    """By a sensor that has been well for some reports."""
    building, now_ms = life.building, life.timeline.now_ms
    well_ms = now_ms - max(building.air_wrong_ms, life.shell.since_ms, life.shell.stalled_ms)
    if AIR in building.dead or well_ms < 2 * REPORT_MS + SEES_MS:
        return
    for code, so, since_ms in (
        ("smoke", building.smoke, building.smoke_ms),
        ("water_leak", building.water, building.water_ms),
    ):
        if now_ms - since_ms > 2 * REPORT_MS + SEES_MS:
            require((f"{code}/{AIR}" in standing) == so, "danger_is_an_alarm", f"{code} is {so}, and {standing}")
    told = building.told_decicelsius
    for code, surely, hardly in (
        ("too_hot", told >= HOT, told < HOT - GAP),
        ("too_cold", told <= COLD, told > COLD + GAP),
    ):
        if surely or hardly:
            require((f"{code}/{AIR}" in standing) == surely, "danger_is_an_alarm", f"{code} at {told}: {standing}")
    _gas_is_judged(life, f"carbon_monoxide/{AIR}" in standing, well_ms)


def _gas_is_judged(life: "Life", stands: bool, well_ms: int) -> None:
    """After EN 50291-1: 300 ppm within three minutes, 100 within forty, and never 30 for as long as somebody sits
    there."""
    building, slack_ms = life.building, REPORT_MS + SEES_MS
    ppm, for_ms = building.carbon_monoxide_ppm, min(life.timeline.now_ms - building.gas_ms, well_ms)
    if (ppm >= 300 and for_ms > 180_000 + slack_ms) or (ppm >= 100 and for_ms > 900_000 + slack_ms):
        require(stands, "danger_is_an_alarm", f"{ppm} ppm of carbon monoxide for {for_ms} ms")
    if ppm < 30 and for_ms > slack_ms:
        require(not stands, "danger_is_an_alarm", f"an alarm at {ppm} ppm of carbon monoxide")


def smoke_is_seen(life: "Life", run: int, since_ms: int) -> None:
    """A moment after smoke has come, with nothing else wrong: the alarm stands."""
    shell, building = life.shell, life.building
    undisturbed = (
        shell.up and shell.run == run and not shell.stalled and shell.stalled_ms < since_ms and building.smoke
        and AIR not in building.dead and building.air_wrong_ms < since_ms and building.smoke_ms == since_ms
    )  # fmt: skip
    if undisturbed and AIR in life.city.sensors and not shell.state.volatile.stopped:
        require(f"smoke/{AIR}" in active_in(shell.state), "danger_is_an_alarm", "smoke, and no alarm")


# ---------------------------------------------------------------- what people do


def an_acknowledgement_takes_its_own(
    life: "Life", event: events.Event, before: StationState, record: AlarmAcknowledged
) -> None:
    """Whoever has seen an alarm has not seen the one that came after it."""
    seen = life.cloud.seen if isinstance(event, events.DesiredReceived) else ()
    if isinstance(event, events.AcknowledgeRequested):
        seen = (event.seen,)
    raised = {
        alarm.since_ms for alarm in before.durable.alarms if (alarm.code, alarm.source) == (record.code, record.source)
    }
    meant = {each.raised_at_ms for each in seen if (each.code, each.source) == (record.code, record.source)}
    own = bool(raised & meant) and record.raised_at_ms in raised
    require(own, "an_acknowledgement_takes_its_own", f"{record}: raised {sorted(raised)}, meant {sorted(meant)}")
    if f"{record.code}/{record.source}" in UNTIL_SEEN:
        life.shell.told.pop(f"{record.code}/{record.source}", None)
    if record.code is AlarmCode.DURESS:
        life.access.duress = {reader for reader in life.access.duress if reader != record.source}


def what_nobody_has_seen_stays(life: "Life", event: events.Event, before: StationState, record: AlarmCleared) -> None:
    """An alarm that is over is taken off the list, but for one that is grave and that nobody has looked at."""
    listed = next(
        (alarm for alarm in before.durable.alarms if (alarm.code, alarm.source) == (record.code, record.source)), None
    )
    unseen = listed is not None and not listed.acknowledged and listed.shelved_until_ms is None
    stays = unseen and record.code in STAYS_UNTIL_SEEN
    require(record.latched == stays, "what_nobody_has_seen_stays", f"{record}, unseen: {unseen}")


def nobody_shelves_a_life(life: "Life", event: events.Event, before: StationState, record: AlarmShelved) -> None:
    require(record.code not in LIFE_SAFETY, "nobody_shelves_a_life", str(record))
    life.shelved_ms[f"{record.code}/{record.source}"] = life.timeline.now_ms


def every_shelf_ends(life: "Life", state: StationState) -> None:
    """At its own time by a clock that is trusted; and by any clock, a day after it was last begun or taken over."""
    shell = life.shell
    for alarm in state.durable.alarms:
        if alarm.shelved_until_ms is None:
            continue
        over_ms = shell.wall_ms() - alarm.shelved_until_ms
        if shell.clock_trusted:
            require(over_ms < SETTLE_MS, "every_shelf_ends", f"{alarm.code} is shelved for {over_ms} ms too long")
        since_ms = max(life.shelved_ms.get(f"{alarm.code}/{alarm.source}", 0), shell.since_ms)
        lasts_ms = life.timeline.now_ms - since_ms
        require(lasts_ms < LONGEST_SHELF_MS + SHELF_SLACK_MS, "every_shelf_ends", f"{alarm.code} for {lasts_ms} ms")
