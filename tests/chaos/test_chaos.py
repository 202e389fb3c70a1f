"""Chaos itself: twenty rounds without a loss, and a verdict that notices what is forged."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import paho.mqtt.publish
import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from contract.codec import encode
from contract.ids import Epoch, StationId, Stream
from contract.messages import Ack
from contract.topics import Leaf, Topic
from yizhan.chaos import parts
from yizhan.chaos.acks import AckWatch
from yizhan.chaos.plan import Victim
from yizhan.chaos.run import Settings, run
from yizhan.chaos.stage import Broker, Database, Stage
from yizhan.stack.clients import wait_for
from yizhan.stack.layout import STATION

pytestmark = pytest.mark.chaos
ROUNDS = 20
SEED = 20


@pytest.mark.timeout(600)
def test_twenty_rounds_lose_nothing_double_nothing_and_acknowledge_nothing_too_early() -> None:
    if parts.mosquitto_program() is None:
        pytest.skip("needs mosquitto")
    if parts.postgresql_directory() is None:
        pytest.skip("needs PostgreSQL")
    command = [sys.executable, "-m", "yizhan", "chaos", "--rounds", str(ROUNDS), "--seed", str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False)
    told = f"{done.stderr[-4_000:]}\n{done.stdout}"
    result = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    assert (result.get("lost"), result.get("duplicated"), result.get("ack_ahead")) == (0, 0, 0), told
    assert done.returncode == 0, told
    assert result["rounds"] == ROUNDS
    assert set(result["kills"]) >= {str(victim) for victim in Victim if victim is not Victim.ALL}, told
    assert result["cards_shown"] >= 5 * ROUNDS
    assert result["lock_edges"] >= ROUNDS
    assert result["acks_checked"] >= ROUNDS
    # The excuses must stay what they are for: a handful of facts that died with the station.
    assert result["excused"] <= ROUNDS, told


@pytest.mark.timeout(180)
def test_a_deleted_row_a_doubled_row_and_a_forged_acknowledgement_are_found(tmp_path: Path) -> None:
    forged: list[int] = []

    def forge(stage: Stage, acks: AckWatch) -> None:
        mark = stage.mark()
        forged.append(mark.heads["events"] + 1_000)
        with closing(sqlite3.connect(stage.layout.root / "cloud.db", timeout=10)) as database, database:
            deleted = database.execute(
                "DELETE FROM record WHERE seq = (SELECT max(seq) FROM record WHERE kind IN "
                "('access.granted', 'access.denied')) AND stream = 'events' RETURNING seq"
            ).fetchall()
            doubled = database.execute(
                "INSERT INTO record SELECT station, epoch, stream, seq, recorded_at_ms + 1, received_at_ms, boot, "
                "mono_ms, clock_trusted, kind, body, digest FROM record "
                "WHERE stream = 'events' AND seq = 1 RETURNING seq"
            ).fetchall()
        assert len(deleted) == len(doubled) == 1
        heard = acks.heard
        ack = Ack(epoch=Epoch(mark.epoch), stream=Stream.EVENTS, through_seq=forged[0])
        paho.mqtt.publish.single(
            str(Topic(StationId(STATION), Leaf.ACK)),
            encode(ack),
            qos=1,
            port=stage.layout.ports.broker,
            hostname="127.0.0.1",
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        wait_for(lambda: acks.heard > heard, "the forged acknowledgement heard", 10)

    said: list[str] = []
    result = run(tmp_path, Settings(1, SEED, Database.SQLITE, Broker.IOTCORE, said.append, forge))
    assert len(said) == 1
    assert result.verdict.lost, result.findings
    assert len(result.verdict.duplicated) == 1, result.findings
    # The forged one is among them, whichever of the two looks at the database came upon it first.
    assert any(f"up to {forged[0]}: " in ahead for ahead in result.ack_ahead), result.findings
    assert result.summary()["findings"] == result.findings[:20]
