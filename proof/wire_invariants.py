"""What must hold between a station's journal and the cloud's database: recorded = committed = acknowledged."""

from typing import TYPE_CHECKING

from edge.uplink.shipper import Confirmed
from proof.require import Broken, require

if TYPE_CHECKING:
    from proof.journal_model import Lane
    from proof.life import Life


def acknowledged_is_committed(life: "Life", confirmed: Confirmed) -> None:
    """No station believes in more than the cloud's database ever had."""
    highest = life.cloud.highest.get((confirmed.epoch, confirmed.stream), 0)
    if not confirmed.forked and confirmed.through_seq > highest:
        raise Broken("acknowledged_is_committed", f"{confirmed} beyond {highest}")


def acknowledged_is_what_was_recorded(life: "Life", confirmed: Confirmed, lane: "Lane", before: int) -> None:
    """Recorded = committed = acknowledged: what is now acknowledged lies in the cloud, record for record."""
    stored = life.cloud.stored.get((confirmed.epoch, confirmed.stream))
    digests = stored.digests if stored else {}
    for row in reversed(lane.kept):
        if row.seq <= before or life.cloud_went_back:
            break
        if row.seq <= confirmed.through_seq and digests.get(row.seq) != row.digest:
            raise Broken("recorded_is_committed", f"{confirmed.stream} {row.seq}: {digests.get(row.seq)}")
    life.acknowledged += confirmed.through_seq - before


def everything_arrives(life: "Life") -> None:
    """With the network whole again, everything recorded is acknowledged."""
    left = life.storage.journal.unacknowledged
    require(left == 0, "everything_is_acknowledged_in_the_end", f"{left} records are not")
