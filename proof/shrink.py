"""A failing life made short: its latest days alone, if they are enough, then acts left out while it still fails.

A shorter life is another life (luck is drawn along the way), so a step is kept only when the same invariant breaks.
"""

import time
from dataclasses import replace
from typing import Final

from proof.acts import Script
from proof.lived import Lived
from proof.living import live_script
from proof.people import DAY_MS, plan_day

MAX_SECONDS: Final = 60.0


def whole(seed: str, lived: Lived) -> Script:
    """The life up to its violation, as a script."""
    assert lived.broken is not None
    days = lived.broken_ms // DAY_MS + 1
    acts = (act for day in range(days) for act in plan_day(seed, day) if act.at_ms <= lived.broken_ms)
    return Script(seed, days, tuple(acts), lived.broken.invariant)


def shrunk(script: Script, seconds: float = MAX_SECONDS) -> Script:
    """A shorter script that breaks the same invariant; `script` itself when none is found in time."""
    end = time.perf_counter() + seconds
    script = _latest_days(script, end)
    size = max(1, len(script.acts) // 2)
    while size and time.perf_counter() < end:
        at = 0
        while at < len(script.acts) and time.perf_counter() < end:
            shorter = replace(script, acts=script.acts[:at] + script.acts[at + size :])
            if _fails(shorter):
                script = shorter
            else:
                at += size
        size //= 2
    return script


def _latest_days(script: Script, end: float) -> Script:
    """The last 1, 2, 4 … days of a life, lived by a fresh station."""
    days = 1
    while days < script.days and time.perf_counter() < end:
        left_out_ms = (script.days - days) * DAY_MS
        acts = tuple(replace(act, at_ms=act.at_ms - left_out_ms) for act in script.acts if act.at_ms >= left_out_ms)
        shorter = Script(script.seed, days, acts, script.broke)
        if _fails(shorter):
            return shorter
        days *= 2
    return script


def _fails(script: Script) -> bool:
    broken = live_script(script).broken
    return broken is not None and broken.invariant == script.broke
