"""A run: round after round, then the verdict."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from yizhan.chaos.acks import AckWatch
from yizhan.chaos.crowd import Crowd
from yizhan.chaos.evidence import CloudDatabase, journal_problems, journal_rows
from yizhan.chaos.judge import Evidence, Verdict, judge, waiting_cards
from yizhan.chaos.plan import Round, Victim, rounds
from yizhan.chaos.stage import Broker, Database, Stage
from yizhan.oracle import Fact, read_world
from yizhan.stack.clients import Sim, Unanswered, wait_for
from yizhan.stack.layout import STATION

SETTLED_WITHIN_S: Final = 30.0
FALSE_ALARMS: Final = ("journal_forked", "journal_corrupt", "journal_reset", "records_lost", "records_forgotten")
"""What the cloud must not believe of a station because parts were killed."""
READERS_DIE: Final = {Victim.EDGE, Victim.CONTROLLER, Victim.READER, Victim.ALL}
FINDINGS_SHOWN: Final = 20


@dataclass(frozen=True)
class Settings:
    rounds: int
    seed: int
    database: Database
    broker: Broker
    say: Callable[[str], None]
    """Where a line for each round goes."""
    before_verdict: Callable[[Stage, AckWatch], None] = lambda stage, acks: None
    """Called when all is drained: a test forges evidence here and expects the verdict to notice."""


@dataclass
class Result:
    """What a run found. `findings` is for people; a run is good when there are none."""

    rounds: int
    kills: dict[str, int]
    network_cuts: int
    cloud_absences: int
    verdict: Verdict
    ack_ahead: list[str]
    acks_heard: int
    troubles: list[str]
    seconds: float

    @property
    def findings(self) -> list[str]:
        return [*self.troubles, *self.verdict.lost, *self.verdict.duplicated, *self.ack_ahead]

    def summary(self) -> dict[str, Any]:
        verdict = self.verdict
        return {
            "rounds": self.rounds,
            "kills": {str(victim): self.kills[victim] for victim in sorted(self.kills)},
            "network_cuts": self.network_cuts,
            "cloud_absences": self.cloud_absences,
            "cards_shown": verdict.cards_shown,
            "lock_edges": verdict.lock_edges,
            "committed": verdict.committed,
            "excused": verdict.excused,
            "acks_checked": self.acks_heard,
            "lost": len(verdict.lost),
            "duplicated": len(verdict.duplicated),
            "ack_ahead": len(self.ack_ahead),
            "seconds": round(self.seconds, 1),
            "findings": self.findings[:FINDINGS_SHOWN],
        }


@dataclass
class Counts:
    say: Callable[[str], None]
    network_cuts: int = 0
    cloud_absences: int = 0
    troubles: list[str] = field(default_factory=list)


def run(root: Path, settings: Settings) -> Result:
    """One run with all files in `root`.

    Raises `ServiceError`, `PreparationFailed`, `Unanswered`, `PartMissing`, `DatabaseAway` when it cannot be carried
    through; a part that never comes back is such a case.
    """
    began = time.monotonic()
    with Stage(root, settings.database, settings.broker, settings.seed) as stage:
        database = CloudDatabase(stage.database_url)
        acks = AckWatch(database, stage.layout.ports.broker)
        acks.start()
        crowd = Crowd(stage.sim, cards_of(stage.sim), settings.seed)
        crowd.start()
        counts = Counts(settings.say)
        for plan in rounds(settings.seed, settings.rounds, database=stage.cluster is not None):
            _play(plan, stage, crowd, acks, counts, settings.rounds)
        crowd.stop()
        _settle(stage)
        settings.before_verdict(stage, acks)
        acks.look_again()
        acks.stop()
        if acks.overrun:
            counts.troubles.append("not every acknowledgement could be looked up")
        counts.troubles += stage.unexpected_starts()
        verdict = judge(_gather(stage, database))
        raised = database.alarms(STATION)
        counts.troubles += [f"the cloud raised the alarm {code}" for code in FALSE_ALARMS if code in raised]
        return Result(
            rounds=settings.rounds,
            kills=stage.kills,
            network_cuts=counts.network_cuts,
            cloud_absences=counts.cloud_absences,
            verdict=verdict,
            ack_ahead=acks.ahead,
            acks_heard=acks.heard,
            troubles=counts.troubles,
            seconds=time.monotonic() - began,
        )


def cards_of(sim: Sim) -> dict[str, str]:
    """Card ids by person, as the world knows them."""
    return {person["id"]: person["card"]["id"] for person in sim.world()["people"]}


def _play(plan: Round, stage: Stage, crowd: Crowd, acks: AckWatch, counts: Counts, of: int) -> None:
    """One round: wait for its moment, kill, wait, bring back, drain."""
    began = time.monotonic()
    time.sleep(plan.after_ms / 1000)
    cut_until = 0.0
    if plan.network_cut_ms:
        counts.network_cuts += 1
        cut_until = time.monotonic() + plan.network_cut_ms / 1000
        stage.sim.act("network", on=False)
    if plan.absent_ms:
        counts.cloud_absences += 1
        stage.absent()
    if READERS_DIE & set(plan.victims):
        crowd.reader_is_dead.set()
    stage.strike(plan.victims)
    time.sleep(max(plan.down_ms, plan.absent_ms) / 1000)
    stage.revive()
    crowd.reader_is_dead.clear()
    back = time.monotonic()
    if plan.network_cut_ms:
        time.sleep(max(0.0, cut_until - back))
        stage.sim.act("network", on=True)
    stage.wait_drained(stage.mark())
    if {Victim.DATABASE, Victim.ALL} & set(plan.victims):
        acks.look_again()
    words = [*plan.victims, *["network"] * bool(plan.network_cut_ms), *["cloud absent"] * bool(plan.absent_ms)]
    times = f"back after {back - began:.1f} s, drained after {time.monotonic() - began:.1f} s"
    counts.say(f"round {plan.number}/{of}: {', '.join(words)}: {times}")


def _settle(stage: Stage) -> None:
    """Until the lock is at rest, no card waits in the reader, and everything is acknowledged and in the picture."""

    def at_rest() -> bool:
        world = stage.sim.world()
        return not (world["door"]["open"] or world["lock"]["pin"] or waiting_cards(_facts(stage)))

    wait_for(at_rest, "the door at rest and every card read", SETTLED_WITHIN_S)
    before = None
    # The records of what has just come to rest take a moment; it is over when a drained journal has stopped growing.
    while before != (before := stage.mark()):
        stage.wait_drained(before)
        time.sleep(0.5)


def _gather(stage: Stage, database: CloudDatabase) -> Evidence:
    """The cloud first and the journal after it, so that the journal holds at least what the cloud can have."""
    acknowledged = {row.key for row in journal_rows(stage.journal_path) if row.acknowledged}

    def projected() -> bool:
        events = {row.key for row in database.rows(STATION) if row.stream == "events"}
        return events <= set(database.picture(STATION))

    try:
        wait_for(projected, "the fleet's picture", SETTLED_WITHIN_S)
    except Unanswered:
        pass  # the verdict says what is missing in it
    rows, picture = database.rows(STATION), database.picture(STATION)
    return Evidence(
        facts=_facts(stage),
        rows=rows,
        picture=picture,
        journal=[replace(row, acknowledged=row.key in acknowledged) for row in journal_rows(stage.journal_path)],
        journal_problems=journal_problems(stage.journal_path),
        downs=stage.downs,
    )


def _facts(stage: Stage) -> list[Fact]:
    return read_world(stage.layout.world_log)
