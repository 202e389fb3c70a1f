"""Swaps in a row through the real driver at 115200 baud: a dozen here, 500 and more by `make swaps`.

`YIZHAN_SWAPS=n` makes them n, at four cabinets side by side; the last line is then JSON.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.station.cabinet_under_test import CabinetUnderTest, running_cabinet
from tests.station.many_swaps import GUEST, Life, Lived, judge

A_DOZEN = 12
ASKED = int(os.environ.get("YIZHAN_SWAPS", "0"))
SIDE_BY_SIDE = 4
SEED = 1


def live(directory: Path, swaps: int, seed: int, kill_every: int) -> Lived:
    with running_cabinet(directory, patience_s=2) as cabinet:
        return Life(cabinet, seed, kill_every=kill_every).live(swaps)


def test_no_battery_is_lost_over_many_swaps(tmp_path: Path) -> None:
    with running_cabinet(tmp_path, patience_s=2) as cabinet:
        lived = Life(cabinet, SEED, kill_every=10).live(A_DOZEN)
        assert lived.violations == []
        assert lived.swaps >= A_DOZEN
        assert lived.outcomes["done"] > 0
        assert_a_theft_is_found(cabinet)


def assert_a_theft_is_found(cabinet: CabinetUnderTest) -> None:
    """Else nothing above would mean much."""
    slot, serial = next(iter(cabinet.inside().items()))
    cabinet.station.sim.act("slot_force", slot=slot)
    cabinet.station.sim.act("slot_take", slot=slot, person=GUEST)
    cabinet.shut(slot)
    cabinet.station.wait(lambda: bool(cabinet.state()["anomalies"]), "the books miss it")
    judge(cabinet, lived := Lived())
    assert f"{serial} is in 0 places" in lived.violations


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """What is printed even when pytest captures."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")


@pytest.mark.skipif(not ASKED, reason="a dozen is enough here: `make swaps` does many")
@pytest.mark.timeout(1_800)
def test_hundreds_of_swaps(tmp_path: Path, told: list[str]) -> None:
    began = time.monotonic()
    lived = Lived()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        each = -(-ASKED // SIDE_BY_SIDE)
        lives = [
            pool.submit(live, tmp_path / str(number), each, SEED + number, kill_every=25)
            for number in range(SIDE_BY_SIDE)
        ]
        for life in lives:
            lived.add(life.result())
    seconds = round(time.monotonic() - began, 1)
    figures = {**vars(lived), "outcomes": dict(lived.outcomes), "seconds": seconds}
    told += [*lived.violations, json.dumps(figures)]
    assert lived.violations == []
    assert lived.swaps >= ASKED
