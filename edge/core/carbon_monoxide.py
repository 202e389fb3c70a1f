"""How long a person may breathe how much carbon monoxide: a dose, after the gates of EN 50291-1.

The standard wants an alarm of a detector at 50 ppm after 60 to 90 minutes, at 100 ppm after 10 to 40, at 300 ppm
within 3, and none at 30 ppm for two hours. What harms is the sum, so the steps are weights of one dose that fills
up: half an hour at 50 ppm and five minutes at 100 make an alarm too. Below the lowest step the dose wears off as
slowly as it came at that step. The alarm ends when the air is clean again, not when the dose has worn off: who
walks back into bad air is warned at once.
"""

from dataclasses import dataclass
from typing import Final

FULL_DOSE: Final = 60 * 60_000
"""A dose is full after an hour at the lowest step."""
STEPS: Final = ((300, 30), (100, 6), (50, 1))
"""From so many ppm on, a millisecond counts so much: full after 2, 10 and 60 minutes."""
CLEAN_BELOW_PPM: Final = 30


@dataclass(frozen=True)
class Dose:
    """`taken` counts up to `FULL_DOSE`; `ppm` is the latest reading, which holds until the next."""

    taken: int = 0
    ppm: int = 0
    stands: bool = False

    def breathed(self, for_ms: int, ppm: int) -> "Dose":
        """The dose after `for_ms` of the air before, at the moment at which `ppm` is read."""
        taken = min(FULL_DOSE, max(0, self.taken + for_ms * weight(self.ppm)))
        full = taken >= FULL_DOSE and ppm >= STEPS[-1][0]
        return Dose(taken, ppm, full or (self.stands and ppm >= CLEAN_BELOW_PPM))


def weight(ppm: int) -> int:
    """How much a millisecond in such air counts."""
    return next((counts for least_ppm, counts in STEPS if ppm >= least_ppm), -1)
