"""The docs are true: every command, target, option, path, endpoint, topic and kind of record that they name exists."""

import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.records import RECORD_TYPES
from contract.topics import Leaf, parse
from yizhan.cli import PROGRAMS
from yizhan.stack.layout import Ports

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/adr").glob("*.md"))]
TREES = ("contract", "edge", "cloud", "firmware_sim", "web", "yizhan", "config", "docs", "tests", "tools", "bench")

CODE = re.compile(r"`([^`\n]+)`|^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(TREES)})/[\w./-]*")
ENDPOINT = re.compile(r"(?<![\w/])/(?:api/[\w/{}]+|healthz|readyz|metrics)")
TOPIC = re.compile(r"yz/1/\{station\}/([a-z/]+)")
KIND = re.compile(r"(?:access|door|station|journal|alarm|roster|command)\.[a-z_]+")


def code_of(path: Path) -> Iterator[str]:
    """Everything in a document that is set as code, but pictures."""
    for inline, block in CODE.findall(path.read_text(encoding="utf-8")):
        if not block.startswith(("flowchart", "stateDiagram")):
            yield inline or block


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@functools.cache
def make_targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@functools.cache
def help_of(*words: str) -> str:
    """What a `yizhan` command says about itself; fails for one that does not exist."""
    command = [sys.executable, "-m", "yizhan", *words, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@functools.cache
def endpoints() -> frozenset[str]:
    found: set[str] = set()
    for document in ("ops", "panel"):
        found |= set(json.loads((ROOT / f"web/openapi/{document}.json").read_text(encoding="utf-8"))["paths"])
    return frozenset(found)


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_link_leads_to_a_file(path: Path) -> None:
    links = [link for link in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link]
    assert not [link for link in links if not (path.parent / link).exists()]


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_path_exists(path: Path) -> None:
    paths = PATH.findall(path.read_text(encoding="utf-8"))
    assert not [found for found in paths if not (ROOT / found.rstrip(".")).exists()]


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_make_target_exists(path: Path) -> None:
    targets = [target for code in code_of(path) for target in re.findall(r"\bmake ([a-z]+)", code)]
    assert set(targets) <= make_targets()


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_yizhan_command_and_option_exists(path: Path) -> None:
    lines = [line for code in code_of(path) for line in code.splitlines()]
    lines += [
        f"yizhan demo {arguments}" for line in lines for arguments in re.findall(r'make demo ARGS="([^"]*)"', line)
    ]
    for line in lines:
        found = re.search(r"(?:^|/)yizhan ([a-z].*)", line)
        if found is None or found.group(1).split()[0] not in PROGRAMS:
            assert not re.match(r"(?:\.venv/bin/)?yizhan [a-z]", line), line
            continue
        words = found.group(1).split()
        commands = [word for word in words if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
        text = help_of(*commands[: 1 if words[0] == "demo" else 3])
        assert all(option in text for option in words if option.startswith("--")), line


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_endpoint_exists(path: Path) -> None:
    found = {match for code in code_of(path) for match in ENDPOINT.findall(code)}
    assert found <= endpoints()


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_topic_and_kind_of_record_exists(path: Path) -> None:
    for code in code_of(path):
        for leaf in TOPIC.findall(code):
            assert parse(f"yz/1/yz-bj-0001/{leaf}").leaf in Leaf
        if KIND.fullmatch(code):
            assert code in RECORD_TYPES


def test_the_readme_names_the_demos_own_addresses() -> None:
    from yizhan.demo.cli import DEFAULT_DIRECTORY, DEFAULT_PORTS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    ports = Ports.from_base(DEFAULT_PORTS)
    assert f"http://127.0.0.1:{ports.api}/" in text
    assert f"http://127.0.0.1:{ports.panel}/" in text
    assert f"`{DEFAULT_DIRECTORY}`" in text


def test_every_make_target_is_explained() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    explained = set(re.findall(r"^  make ([a-z]+) ", listed, re.MULTILINE))
    assert explained == make_targets()


def test_the_makefile_starts_nothing_that_is_not_there() -> None:
    for module in re.findall(r"-m ([a-z_.]+)", (ROOT / "Makefile").read_text(encoding="utf-8")):
        top = ROOT / module.replace(".", "/")
        assert module == "pytest" or top.with_suffix(".py").exists() or (top / "__main__.py").exists(), module


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
