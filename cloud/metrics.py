"""What the cloud counts about itself, shown at `/metrics` in Prometheus' text form."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

COMMITTED: Final = Counter("yizhan_records_committed_total", "Records stored for the first time", ["stream"])
DUPLICATES: Final = Counter("yizhan_records_duplicate_total", "Records received again")
QUARANTINED: Final = Counter("yizhan_records_quarantined_total", "Records kept as bytes, because unstorable")
UNREADABLE: Final = Counter("yizhan_messages_unreadable_total", "Messages that are not of the wire contract", ["leaf"])
UNKNOWN_STATIONS: Final = Counter("yizhan_messages_unknown_station_total", "Messages of stations not registered here")
FORKS: Final = Counter("yizhan_forks_total", "Batches or greetings of another history than the one stored")
BROKEN_CHAINS: Final = Counter("yizhan_chains_broken_total", "Batches whose digest chain does not hold")
DROPPED: Final = Counter("yizhan_messages_dropped_total", "Messages dropped at a full queue; stations send them again")
COMMIT_SECONDS: Final = Histogram("yizhan_commit_seconds", "Time of one ingest transaction")
ACK_SECONDS: Final = Histogram("yizhan_acknowledge_seconds", "From a batch's arrival to its acknowledgement")
COMMIT_FAILURES: Final = Counter("yizhan_commit_failures_total", "Ingest transactions that failed and are tried again")
CHANGES: Final = Counter("yizhan_changes_total", "Changes of the fleet's picture")
PROJECTOR_FAILURES: Final = Counter("yizhan_projector_failures_total", "Projector rounds that failed")
SSE_CLIENTS: Final = Gauge("yizhan_live_clients", "Connected clients of the live stream")
SSE_DROPPED: Final = Counter("yizhan_live_clients_dropped_total", "Live clients dropped for being too slow")
BROKER_CONNECTED: Final = Gauge("yizhan_broker_connected", "1 while the session with the broker stands", ["part"])
