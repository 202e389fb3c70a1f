"""Purity and wiring, where import-linter does not look: an allow-list for what decides, and who builds drivers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PURE_FILES = sorted(
    [
        *(ROOT / "edge/core").rglob("*.py"),
        *(ROOT / "contract/policy").rglob("*.py"),
        *(ROOT / "contract/records").rglob("*.py"),
        *(ROOT / "contract" / name for name in ("ids.py", "plain.py", "digest.py", "frozen.py")),
    ]
)
# Modules that neither look at the world nor change it, but for the calls below: `pathlib` is here for the paths that
# `contract.plain` carries, `datetime` for calendars.
PURE_MODULES = frozenset(
    {
        *("abc", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "decimal", "enum", "functools"),
        *("hashlib", "heapq", "itertools", "json", "math", "operator", "pathlib", "re", "types", "typing", "zoneinfo"),
    }
)
OURS_AND_PURE = (
    *("edge.core", "contract.policy", "contract.records"),
    *("contract.ids", "contract.plain", "contract.frozen"),
)
IMPURE_CALLS = frozenset({"open", "print", "input", "now", "today", "utcnow", "read_text", "write_text", "exists"})


def imported_modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they lead"
            yield node.module or ""


def called_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr


def is_pure(module: str) -> bool:
    return module in PURE_MODULES or any(module == ours or module.startswith(f"{ours}.") for ours in OURS_AND_PURE)


@pytest.mark.parametrize("path", PURE_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_decides_imports_nothing_that_sees_or_changes_the_world(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [module for module in imported_modules(tree) if not is_pure(module)]
    assert not IMPURE_CALLS & set(called_names(tree))


def test_there_are_pure_files_to_look_at() -> None:
    assert len(PURE_FILES) > 10


@pytest.mark.parametrize(
    "line",
    ["import time", "from os import path", "import asyncio.tasks", "from edge.journal import x", "import pydantic"],
)
def test_an_impure_import_would_be_found(line: str) -> None:
    assert [module for module in imported_modules(ast.parse(line)) if not is_pure(module)]


def driver_classes() -> set[str]:
    """Concrete drivers: classes of `edge.drivers` that are not protocols, values or errors."""
    names: set[str] = set()
    for path in (ROOT / "edge/drivers").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                if "__init__" in methods and "Protocol" not in bases and "Exception" not in bases:
                    names.add(node.name)
    return names


def test_only_the_wiring_builds_drivers() -> None:
    drivers = driver_classes()
    assert drivers
    builders = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "edge").rglob("*.py")
        if drivers & set(called_names(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert builders == {"edge/runtime/wiring.py"}


@pytest.mark.parametrize("word", ["simulated", "mock", "fake"])
def test_the_controller_does_not_know_that_its_world_may_be_made_up(word: str) -> None:
    whole_word = re.compile(rf"\b{word}\b", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "edge").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if whole_word.search(line)
    ]
    assert not found
