"""What decides has no clock, no I/O and no chance in it: neither by import nor by call."""

import ast
import sys
from pathlib import Path

import pytest

import contract.policy
import edge.core

PURE = frozenset(
    {
        *("collections", "contract", "dataclasses", "datetime", "edge", "enum", "functools", "itertools"),
        *("json", "operator", "re", "types", "typing"),
    }
)
INWARD = ("contract.frozen", "contract.ids", "contract.plain", "contract.records", "contract.policy")
FOLDERS = [Path(folder) for package in (contract.policy, edge.core) for folder in package.__path__]
FILES = sorted(file for folder in FOLDERS for file in folder.glob("*.py"))
IMPURE_CALLS = frozenset({"now", "today", "utcnow", "open", "print", "input", "eval", "exec"})


def imports_of(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_file_of_the_core_imports_only_what_is_pure_or_further_in(file: Path) -> None:
    allowed = (*INWARD, "edge.core") if file.parent.name == "core" else INWARD

    for name in imports_of(ast.parse(file.read_text("utf-8"))):
        top = name.partition(".")[0]
        assert top in PURE, f"{file.name} imports {name}"
        if top not in sys.stdlib_module_names:
            assert name.startswith(allowed), f"{file.name} imports {name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_file_of_the_core_asks_nothing_of_the_world(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            assert name not in IMPURE_CALLS, f"{file.name}:{node.lineno} calls {name}"
