"""Keyboard wedges in the reader process: cards by their text, visit passes by their signature, plugs pulled and put."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract import passes
from contract.ids import ReaderId, StationId
from contract.policy.passes import VisitPass
from edge.roster.credential import CredentialFormat, load_or_create_key, text_hash
from edge.runtime import ipc
from edge.runtime.children import SupervisedChild
from edge.runtime.config import load
from tests.firmware_sim.support import RunningStation
from tests.firmware_sim.test_sensors import with_sensors
from tests.runtime.test_config import GOOD, refusal
from tests.runtime.waiting import PATIENCE_S

SCANNER = ReaderId("scanner")
WEDGE = """
[[readers]]
id = "scanner"
driver = "wedge"
device = "{root}/scanner"
"""
SHOWN = VisitPass("pass-0001", 1_790_000_000_000, 1_790_000_600_000, (StationId("station-1"),))


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def config(tmp_path: Path, key: Ed25519PrivateKey) -> Path:
    public = tmp_path / "cloud.pub"
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    text = GOOD[: GOOD.index("[[readers]]")] + WEDGE + f'[uplink]\nhost = "h"\ncloud_keys = {{ "c" = "{public}" }}\n'
    path = tmp_path / "edge.toml"
    path.write_text(text.replace("{root}", str(tmp_path)))
    (tmp_path / "data").mkdir()
    load_or_create_key(tmp_path / "data" / "credential.key")
    return path


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStation]:
    with RunningStation(with_sensors(tmp_path)) as station:
        yield station


class Reader:
    def __init__(self, config: Path) -> None:
        self.said: list[ipc.Message] = []
        self.child = SupervisedChild(ipc.Child.READER, config, self.said.append, lambda running, detail: None)
        self.key = load_or_create_key(load(config).config.station.data_dir / "credential.key")

    async def until(self, true: Callable[[], bool], what: str) -> None:
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while not true():
            assert asyncio.get_running_loop().time() < end, f"{what}; said {self.said}"
            self.child.check()
            await asyncio.sleep(0.01)

    async def online(self, online: bool = True) -> None:
        def there() -> bool:
            told = [message.online for message in self.said if isinstance(message, ipc.ReaderStatus)]
            return told[-1:] == [online]

        await self.until(there, f"online {online}")

    async def card(self, number: int = 1) -> ipc.CardRead:
        def cards() -> list[ipc.CardRead]:
            return [message for message in self.said if isinstance(message, ipc.CardRead)]

        await self.until(lambda: len(cards()) >= number, f"{number} cards")
        return cards()[number - 1]


def live(config: Path, act: Callable[[Reader], Awaitable[None]]) -> None:
    async def run() -> None:
        reader = Reader(config)
        reader.child.start()
        try:
            await reader.online()
            await act(reader)
        finally:
            reader.child.ask_to_stop()
            await asyncio.to_thread(reader.child.wait_for_end, 2.0)

    asyncio.run(run())


def show(running: RunningStation, text: str) -> None:
    running.do(lambda: running.station.show_code("scanner", text))


def test_a_card_and_a_pass_and_what_is_neither(running: RunningStation, config: Path, key: Ed25519PrivateKey) -> None:
    async def act(reader: Reader) -> None:
        show(running, "0012345678")
        card = await reader.card()
        assert card.credential == text_hash(reader.key, CredentialFormat.TEXT, "0012345678")
        assert (card.reader, card.visit_pass, card.pass_problem) == (SCANNER, None, "")
        assert 0 <= card.received_mono_ns // 1_000_000 - card.not_before_mono_ms < 2_000
        show(running, passes.write(SHOWN, key_id="c", key=key))
        assert (await reader.card(2)).visit_pass == SHOWN
        show(running, passes.write(SHOWN, key_id="c", key=Ed25519PrivateKey.generate()))
        forged = await reader.card(3)
        assert (forged.visit_pass, forged.pass_problem) == (None, "bad_signature")
        show(running, "http" + "x" * 100)
        assert (await reader.card(4)).pass_problem == "not_a_pass"

    live(config, act)


def test_a_scanner_that_is_pulled_out_and_put_back_is_read_again(running: RunningStation, config: Path) -> None:
    scanner = running.station.sensors.scanners["scanner"]

    async def act(reader: Reader) -> None:
        running.do(lambda: scanner.set_plugged(False))
        await reader.online(False)
        running.do(lambda: scanner.set_plugged(True))
        await reader.online()
        show(running, "42")
        await reader.card()

    live(config, act)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('key_file = "/k"', "section [readers 'scanner'], key 'key_file': a wedge has none"),
        ("keypad = true", "section [readers 'scanner'], key 'keypad': numbers typed at a wedge are not taken"),
        ('driver = "osdp"', "is not TOML"),
    ],
)
def test_a_wedge_has_no_key_and_no_keypad(config: Path, more: str, message: str) -> None:
    config.write_text(config.read_text().replace('driver = "wedge"', f'driver = "wedge"\n{more}'))
    assert message in refusal(config)


def test_an_osdp_reader_needs_its_key(config: Path) -> None:
    config.write_text(config.read_text().replace('"wedge"', '"osdp"'))
    assert "section [readers 'scanner'], key 'key_file': is missing" in refusal(config)
