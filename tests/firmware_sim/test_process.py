"""The simulator as a process: command line, configuration, panel API."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from firmware_sim.config import ConfigError, load, read_key
from firmware_sim.log import FactKind, LogFull, WorldLog
from tests.firmware_sim.support import ControlPanel, wait_until

CONFIG = """
[world]
log = "{directory}/world.jsonl"
pace = 10
[gpio]
port = {gpio_port}
[link]
listen_port = 0
broker_port = 1
[panel]
port = {panel_port}
pages_dir = "{directory}/pages"
[power]
control = "{directory}/services.sock"
[stories]
held_ms = 100
pause_ms = 100
pace = 20
[[readers]]
id = "entry"
device = "{directory}/reader-entry"
key_file = "{directory}/reader-entry.key"
[[people]]
id = "rider-1"
name = "王磊"
card = {{ bits = 26, data = "02b3c4c0" }}
"""


def write_config(directory: Path, gpio_port: int = 0, panel_port: int = 0, extra: str = "") -> Path:
    (directory / "reader-entry.key").write_text("00112233445566778899aabbccddeeff\n")
    path = directory / "sim.toml"
    path.write_text(CONFIG.format(directory=directory, gpio_port=gpio_port, panel_port=panel_port) + extra)
    return path


def start(config: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "yizhan", "sim", "run", "--config", str(config), *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    directory = tmp_path_factory.mktemp("sim")
    (directory / "pages").mkdir()
    (directory / "pages" / "index.html").write_text("<title>面板</title>")
    process = start(write_config(directory))
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        with httpx.Client(base_url=ready["panel"], timeout=10.0, trust_env=False) as client:
            yield client, directory
        process.send_signal(signal.SIGTERM)
        assert process.wait(10.0) == 0
    finally:
        process.kill()
        process.communicate()


def act(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/api/act", json=body)


def world(client: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/api/world").raise_for_status().json()
    return answer


def test_the_panel_serves_its_pages_and_the_world(panel: tuple[httpx.Client, Path]) -> None:
    client, _ = panel
    assert "面板" in client.get("/").text
    view = world(client)
    assert view["people"][0]["name"] == "王磊"
    assert "02b3c4c0" not in json.dumps(view)


def test_the_panel_moves_the_door(panel: tuple[httpx.Client, Path]) -> None:
    client, _ = panel
    assert act(client, act="push_door").json()["opened"] is False
    assert act(client, act="push_door", force=True).json()["opened"] is True
    wait_until(lambda: world(client)["door"]["open"], "open")
    act(client, act="hold_door", on=True).raise_for_status()
    assert world(client)["door"]["wedge"]
    act(client, act="hold_door", on=False).raise_for_status()
    act(client, act="let_go").raise_for_status()
    wait_until(lambda: not world(client)["door"]["open"], "shut")


def test_the_exit_button_releases_while_it_is_pressed(panel: tuple[httpx.Client, Path]) -> None:
    client, directory = panel
    act(client, act="exit_button", press_ms=50).raise_for_status()
    act(client, act="exit_button", pressed=True).raise_for_status()
    assert world(client)["lock"]["released"]
    act(client, act="exit_button", pressed=False).raise_for_status()
    assert not world(client)["lock"]["released"]
    logged = [json.loads(line)["kind"] for line in (directory / "world.jsonl").read_text().splitlines()]
    assert logged.count("exit") == 4


def test_faults_are_listed_while_they_are_on(panel: tuple[httpx.Client, Path]) -> None:
    client, _ = panel
    act(client, act="fault", name="reader_delay", on=True, args={"ms": 50}).raise_for_status()
    assert world(client)["faults"] == [
        {"name": "reader_delay", "target": "entry", "ms": 50.0, "count": None, "active": True}
    ]
    act(client, act="fault", name="reader_delay", on=False).raise_for_status()
    assert world(client)["faults"] == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"act": "dance"}, "dance"),
        ({"act": "present_card", "card_id": "nobody"}, "nobody"),
        ({"act": "present_card", "card_id": "card-rider-1", "reader": "roof"}, "entry"),
        ({"act": "exit_button"}, "press_ms"),
        ({"act": "fault", "name": "cut_wire", "on": True}, "args.wire"),
        ({"act": "fault", "name": "reader_delay", "on": True, "args": {"ms": -1}}, "ms"),
        ({"act": "fire", "active": True, "loud": True}, "loud"),
        ({"act": "walk", "person": "rider-1", "inward": True}, "not open wide enough"),
        ({"act": "do", "person": "rider-1", "doing": "lying"}, "not at the station"),
        ({"act": "air", "what": "humidity_percent", "value": 101}, "0 to 100"),
        ({"act": "keys", "keys": "12x"}, "keypad"),
        ({"act": "show_code", "text": "YZ1.x"}, "scanner"),
        ({"act": "fault", "name": "point_stuck", "on": True, "args": {"wire": "beam_outer"}}, "none of this kind"),
        ({"act": "fault", "name": "radar_silent", "on": True}, "radar"),
    ],
)
def test_a_wrong_act_is_refused_with_a_reason(
    panel: tuple[httpx.Client, Path], body: dict[str, Any], word: str
) -> None:
    answer = act(panel[0], **body)
    assert answer.status_code == 422
    assert word in answer.text


def test_the_panel_plays_what_happens_in_the_room(panel: tuple[httpx.Client, Path]) -> None:
    client, _ = panel
    for body in (
        {"act": "come", "person": "guest"},
        {"act": "smoke", "there": True},
        {"act": "water", "there": True},
        {"act": "mains", "on": False},
        {"act": "battery", "low": True},
        {"act": "tamper", "what": "reader", "open": True},
        {"act": "air", "what": "carbon_monoxide_ppm", "value": 120},
        {"act": "keys", "keys": "1234#"},
    ):
        act(client, **body).raise_for_status()
    room = world(client)["room"]
    assert room["bodies"] == [{"person": "guest", "place": "outside", "doing": "moving"}]
    assert (room["smoke"], room["water"], room["mains"], room["battery_low"]) == (True, True, False, True)
    assert (room["reader_tampered"], room["carbon_monoxide_ppm"], room["motion_outside"]) == (True, 120.0, True)
    for body in (
        {"act": "go", "person": "guest"},
        {"act": "smoke", "there": False},
        {"act": "mains", "on": True},
        {"act": "tamper", "what": "reader", "open": False},
    ):
        act(client, **body).raise_for_status()
    room = world(client)["room"]
    assert (room["bodies"], room["smoke"], room["mains"], room["reader_tampered"]) == ([], False, True, False)


def test_the_live_stream_shows_each_change(panel: tuple[httpx.Client, Path]) -> None:
    client, _ = panel
    with client.stream("GET", "/api/world/live") as stream:
        events = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert next(events)["inputs"]["fire_active"] is False
        act(client, act="fire", active=True).raise_for_status()
        assert any(event["inputs"]["fire_active"] and event["lock"]["released"] for event in events)
        act(client, act="fire", active=False).raise_for_status()
        assert any(not event["inputs"]["fire_active"] for event in events)


def test_the_power_switch_asks_the_service_manager_and_says_when_it_is_absent(
    panel: tuple[httpx.Client, Path],
) -> None:
    client, directory = panel
    answer = act(client, act="power", on=False).json()
    assert "services.sock" in answer["warning"]
    assert world(client)["power_on"] is False
    asked: list[dict[str, str]] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as manager:
        manager.bind(str(directory / "services.sock"))
        manager.listen()

        def answer_once() -> None:
            connection, _ = manager.accept()
            with connection, connection.makefile("rw") as stream:
                asked.append(json.loads(stream.readline()))
                stream.write('{"ok": true}\n')

        thread = threading.Thread(target=answer_once, daemon=True)
        thread.start()
        assert act(client, act="power", on=True).json()["warning"] is None
        thread.join(5.0)
    assert asked == [{"restore": "edge"}]
    view = world(client)
    assert view["power_on"] is True
    assert view["gpio"]["listening"] is True


def test_the_network_switch_is_shown(panel: tuple[httpx.Client, Path]) -> None:
    client, _ = panel
    act(client, act="network", on=False).raise_for_status()
    assert world(client)["network"]["on"] is False
    act(client, act="network", on=True).raise_for_status()
    assert world(client)["network"]["on"] is True


def test_scripted_stories_begin_with_the_controller_run_for_their_time_and_report(tmp_path: Path) -> None:
    process = start(write_config(tmp_path), "--stories", "push_without_grant,exit_by_button", "--seconds", "0.3")
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ready"] is True
        with ControlPanel(tmp_path / "reader-entry", bytes.fromhex((tmp_path / "reader-entry.key").read_text())):
            done = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(10.0) == 0
    finally:
        process.kill()
        process.communicate()
    lines = [json.loads(line) for line in (tmp_path / "world.jsonl").read_text().splitlines()]
    ends = [line for line in lines if line["kind"] == "visit_end"]
    assert done == {"stories_done": True, "visits": len(ends), "admitted": 0}
    assert len(ends) >= 2
    assert {line["outcome"] for line in ends} <= {"door_stayed_shut", "left"}
    assert lines[-1]["kind"] == "stop"


@pytest.mark.parametrize("section", ["gpio", "panel"])
def test_a_taken_port_is_named_with_its_key_and_ends_with_code_2(tmp_path: Path, section: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = write_config(tmp_path, **{f"{section}_port": port})
        process = start(config)
        _, errors = process.communicate(timeout=20.0)
    assert process.returncode == 2
    assert f"[{section}] port: port {port}" in errors
    assert not (tmp_path / "reader-entry").exists()


def test_the_service_manager_is_told_when_every_wire_is_open(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(20.0)
        process = start(write_config(tmp_path), NOTIFY_SOCKET=str(tmp_path / "notify"))
        try:
            assert notify.recv(100) == b"READY=1"
        finally:
            process.terminate()
            process.communicate(timeout=10.0)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("extra", "section", "key"),
    [
        ("[people.card2]\n", "[people[0]]", "card2"),
        ('[[people]]\nid = "x"\nname = "x"\ncard = { bits = 26, data = "02", size = 3 }\n', "people[1].card", "size"),
        ('[[people]]\nid = "x"\nname = "x"\ncard = { bits = 26, data = "02" }\n', "people[1]", "26 bits need 4 bytes"),
        ('[lock]\nkind = "open"\n', "[lock]", "kind"),
        ("[pins]\nlock = 17\nexit = 17\n", "[pins]", "two wires"),
        ("[points]\nbeam = 5\n", "[points] beam", "beam_outer"),
        ("[points]\nbeam_outer = 17\n", "[points] beam_outer", "pins.lock"),
        ('[[loads]]\nid = "lamp"\nkind = "light"\npin = 23\npower_w = 40\n', "lamp", "pins.fire"),
        ('[[modbus]]\ndevice = "m"\nslaves = []\n', "[modbus", "slaves"),
        ('[[radars]]\nid = "r"\ndevice = "x"\nbaud = 9600\n', "[radars", "unknown key"),
        ('[faults]\nnames = ["ghost"]\n', "faults", "ghost"),
        ("[doors]\n", "[doors]", "unknown"),
    ],
)
def test_a_configuration_error_names_file_section_and_key(tmp_path: Path, extra: str, section: str, key: str) -> None:
    path = write_config(tmp_path, extra=extra)
    with pytest.raises(ConfigError) as failure:
        load(path)
    message = str(failure.value)
    assert str(path) in message
    assert section in message or "not TOML" in message
    assert key in message or "not TOML" in message


def test_a_key_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0011")
    with pytest.raises(ConfigError, match="holds 2 bytes"):
        read_key(tmp_path / "key")


def test_the_shipped_example_is_valid() -> None:
    assert load(Path(__file__).parents[2] / "config" / "sim.example.toml").readers[0].id == "entry"


def test_the_openapi_document_needs_no_running_simulator() -> None:
    command = [sys.executable, "-m", "yizhan", "sim", "openapi"]
    document = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=30.0).stdout)
    assert {"/api/world", "/api/world/live", "/api/act"} <= set(document["paths"])
    assert "WorldView" in document["components"]["schemas"]


def test_an_oracle_that_is_full_ends_the_simulator_instead_of_leaving_a_hole(tmp_path: Path) -> None:
    log = WorldLog(tmp_path / "world.jsonl", max_bytes=200)
    failures: list[str] = []
    log.on_full = lambda: failures.append("full")
    log.write(FactKind.START)
    log.write(FactKind.STOP)
    with pytest.raises(LogFull, match="reached its limit of 200 bytes"):
        log.write(FactKind.STOP, reason="x" * 200)
    log.close()
    assert failures == ["full"]
    assert all(json.loads(line) for line in (tmp_path / "world.jsonl").read_text().splitlines())


def test_the_example_configuration_is_fine() -> None:
    config = load(Path(__file__).parents[2] / "config" / "sim.example.toml")
    assert len(config.points) == 9
    assert config.modbus[0].slaves[3].id == "meter"
