"""Files and functions that have grown too long to be read at a glance: listed, and the check fails.

A file has at most 400 lines, a function at most 70, docstring and comments included.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
MAX_FILE_LINES: Final = 400
MAX_FUNCTION_LINES: Final = 70
LINE_COUNTED: Final = (".py", ".ts", ".vue")


def tracked_files() -> list[Path]:
    """The files of the repository that exist now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def long_functions(source: str) -> Iterator[tuple[str, int]]:
    """Name and length of each function that is too long."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield node.name, lines


def findings(path: Path) -> Iterator[str]:
    """What is too long in a file."""
    if path.suffix not in LINE_COUNTED:
        return
    name = str(path.relative_to(ROOT))
    source = path.read_text(encoding="utf-8")
    lines = source.count("\n")
    if lines > MAX_FILE_LINES:
        yield f"{name}: {lines} lines; at most {MAX_FILE_LINES}"
    if path.suffix == ".py":
        for function, length in long_functions(source):
            yield f"{name}: {function} has {length} lines; at most {MAX_FUNCTION_LINES}"


def main() -> int:
    found = [finding for path in tracked_files() for finding in findings(path)]
    print("\n".join(found) or "sizes: every file and function fits")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
