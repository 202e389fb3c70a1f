"""The scripted demo: people come and go for a while; then the world's log is compared with the cloud's rows."""

import random
import time
from dataclasses import dataclass
from typing import Any, Final

from contract.ids import Stream
from contract.messages import StreamHead
from edge.journal.reader import JournalReader
from yizhan.oracle import Verdict, judge, percentile, read_world
from yizhan.stack.clients import Cloud, Sim, wait_for
from yizhan.stack.layout import STATION, Layout
from yizhan.stack.people import PEOPLE

EVENTS: Final = Stream.EVENTS
STORIES: Final = (
    "rider_at_two",
    "unknown_card",
    "rider_at_two",
    "exit_by_button",
    "push_without_grant",
    "rider_at_two",
    "forced_door",
    "tailgater",
    "turns_round",
    "tamper_at_night",
    "smoke_in_room",
    "qr_visitor",
)
LONG_STORY: Final = "door_left_open"
LONG_STORY_FROM_S: Final = 120.0
START_TIMEOUT_S: Final = 30.0
REST_TIMEOUT_S: Final = 20.0
DRAIN_TIMEOUT_S: Final = 60.0
PAUSE_S: Final = (0.3, 1.0)


@dataclass(frozen=True)
class Outcome:
    """What a scripted run showed. Counts are of this run alone, not of those before in the same directory, and of
    events alone: telemetry has no change numbers, and is only waited for until it is acknowledged."""

    stations: int
    recorded: int
    committed: int
    acknowledged: int
    verdict: Verdict


def play_stories(layout: Layout, seconds: float, seed: int) -> Outcome:
    """Play until the time is over, let the station come to rest and everything be acknowledged, then compare."""
    cloud, sim = Cloud(layout.ports.api), Sim(layout.ports.panel)
    journal = JournalReader(layout.edge_data / "journal.db")
    members = sum(person.known for person in PEOPLE)
    wait_for(lambda: is_open(cloud, members), "the station online, its reader and roster ready", START_TIMEOUT_S)

    change = cloud.stations()["change"]
    from_byte = layout.world_log.stat().st_size
    _, before = heads(journal)
    play(sim, seconds, random.Random(seed))
    wait_for(lambda: at_rest(sim), "the door closed and the lock at rest", REST_TIMEOUT_S)
    # What the controller still has to write about the last visit takes a moment; more would be a loss.
    time.sleep(1.0)
    facts = read_world(layout.world_log, from_byte)
    epoch, until = heads(journal)

    def drained() -> bool:
        return all(now.acknowledged_seq >= until[stream].head_seq for stream, now in heads(journal)[1].items())

    wait_for(drained, "everything acknowledged", DRAIN_TIMEOUT_S)
    acknowledged = {stream: head.acknowledged_seq for stream, head in heads(journal)[1].items()}
    rows = [
        row
        for row in cloud.rows(STATION, change)
        if row.epoch != epoch or in_this_run(row.seq, row.stream, before, until)
    ]
    return Outcome(
        stations=len(cloud.stations()["stations"]),
        recorded=until[EVENTS].head_seq - before[EVENTS].head_seq,
        committed=sum(row.stream == EVENTS for row in rows),
        acknowledged=min(acknowledged[EVENTS], until[EVENTS].head_seq) - before[EVENTS].head_seq,
        verdict=judge(facts, rows),
    )


def heads(journal: JournalReader) -> tuple[str, dict[str, StreamHead]]:
    """The journal's epoch and its streams' heads by name."""
    epoch, streams = journal.heads()
    return epoch, {head.stream: head for head in streams}


def in_this_run(seq: int, stream: str, before: dict[str, StreamHead], until: dict[str, StreamHead]) -> bool:
    """Whether a record was written between the two looks at the journal."""
    return before[stream].head_seq < seq <= until[stream].head_seq


def is_open(cloud: Cloud, members: int) -> bool:
    station = cloud.station(STATION)
    readers = station["readers"]
    return bool(
        station["online"] and readers and all(r["online"] for r in readers) and station["roster_members"] == members
    )


def at_rest(sim: Sim) -> bool:
    world = sim.world()
    return not (world["door"]["open"] or world["lock"]["pin"] or world["stories"]["running"])


def play(sim: Sim, seconds: float, order: random.Random) -> None:
    """A member's visit, then one story after the other, in an order drawn by seed, while there is time for another."""
    end = time.monotonic() + seconds
    sim.play(STORIES[0])
    stories = [*STORIES, *([LONG_STORY] if seconds >= LONG_STORY_FROM_S else [])]
    while True:
        for story in order.sample(stories, len(stories)):
            if time.monotonic() >= end:
                return
            sim.play(story)
            time.sleep(order.uniform(*PAUSE_S))


def summarise(outcome: Outcome) -> dict[str, Any]:
    """The run as one JSON object."""
    verdict = outcome.verdict
    times = verdict.card_to_lock_ms
    card_to_lock = {"p50": percentile(times, 50), "p95": percentile(times, 95), "max": percentile(times, 100)}
    return {
        "stations": outcome.stations,
        "cards_shown": verdict.cards_shown,
        "lock_edges": verdict.lock_edges,
        "entries": verdict.entries,
        "denials": verdict.denials,
        "recorded": outcome.recorded,
        "committed": outcome.committed,
        "acknowledged": outcome.acknowledged,
        "lost": len(verdict.lost),
        "duplicated": len(verdict.duplicated),
        "card_to_lock_ms": {name: None if ms is None else round(ms, 1) for name, ms in card_to_lock.items()},
        "findings": [*verdict.lost, *verdict.duplicated][:20],
    }
