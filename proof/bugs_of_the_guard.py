"""More seeded bugs: in what the station guards itself by, how its alarms keep company, whom passes let in, and what is
reckoned to have been used."""

from typing import Final

from proof.bugs_of_the_door import Mutant

OF_ITSELF: Final[tuple[Mutant, ...]] = (
    Mutant(
        "bolt-unwatched", "edge.core.supervision",
        "if home and released:", "if False:",
        "the bolt stays home, everybody stands in the rain, and no alarm says so",
    ),
    Mutant(
        "bolt-of-an-open-door", "edge.core.supervision",
        'if inputs.contact_open or inputs.exit_pressed:\n        return ""', "if False:\n        return None",
        "behind an open door the bolt meets nothing, and that is called a fault",
    ),
    Mutant(
        "lock-fault-early", "edge.core.alarm_codes",
        "AlarmCode.LOCK_FAULT: 2_000,\n    AlarmCode.CONTACT_IMPLAUSIBLE: 1_", "AlarmCode.CONTACT_IMPLAUSIBLE: 1_",
        "a bolt that takes its time is a fault at each release",
    ),
    Mutant(
        "loose-wire-unseen", "edge.core.supervision_state",
        "flapping_edges: int = 20", "flapping_edges: int = 40",
        "a contact on a loose wire is believed",
    ),
    Mutant(
        "loose-wire-for-ever", "edge.core.alarm_codes",
        "AlarmCode.CONTACT_IMPLAUSIBLE: 60_000,", "AlarmCode.CONTACT_IMPLAUSIBLE: 6_000_000,",
        "a wire that was loose for a moment is loose for hours",
    ),
    Mutant(
        "shut-with-somebody-in-it", "edge.core.supervision",
        "return outer and inner and not contact_open", "return False",
        "somebody stands in a door that is said to be shut",
    ),
    Mutant(
        "one-too-many-unseen", "edge.core.presence",
        "inside.sure and inside.people > capacity", "inside.sure and inside.people > capacity + 1",
        "one more than there is room for is no alarm",
    ),
    Mutant(
        "full-is-too-full", "edge.core.presence",
        "inside.sure and inside.people > capacity", "inside.sure and inside.people >= capacity",
        "a station that is full is called too full",
    ),
)  # fmt: skip

OF_THE_GUARD: Final[tuple[Mutant, ...]] = OF_ITSELF
