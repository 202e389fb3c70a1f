"""What became of effects."""

from dataclasses import dataclass

from edge.core.effects import Effect


@dataclass(frozen=True)
class EffectDone:
    """An `AFTER_COMMIT` effect was carried out. The core answers the command that asked for it."""

    effect: Effect


@dataclass(frozen=True)
class EffectRefused:
    """An effect was not carried out: its commit failed (`storage_unavailable`), or an opposed one overtook it."""

    effect: Effect
    reason: str = "storage_unavailable"
