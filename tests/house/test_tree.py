"""What must not be in the repository: addresses of package indexes, paths of a workplace, secrets, leftovers."""

import re
from pathlib import Path

import pytest

from tools.sizes import tracked_files

ROOT = Path(__file__).resolve().parents[2]
BINARY = frozenset({".png", ".jpg", ".jpeg", ".woff2", ".ico", ".gz"})

# Put together here so that this file does not contain what it looks for.
FORBIDDEN = {
    "a package index": r"\b(?:pypi|pythonhosted|npmjs|npmmirror|yarnpkg)\.(?:org|com)|registry\.npm"
    r"|files\.python" + r"hosted|index" + r"-url\s*=|tuna\.tsing" + r"hua|mirrors?\.\w+\.(?:com|cn|edu)",
    "a workplace's path": r"/wo" + r"rk/(?:main|shared)|/tmp/br" + r"ief",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE " + r"KEY-----",
    "an unresolved conflict": r"^(?:<{7}|>{7}) ",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_contains(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = []
    for path in tracked_files():
        if path.suffix in BINARY or path == Path(__file__):
            continue
        match = pattern.search(path.read_text(encoding="utf-8", errors="replace"))
        if match:
            found.append(f"{path.relative_to(ROOT)}: {match.group()!r}")
    assert not found


def test_what_is_made_is_not_tracked() -> None:
    made = re.compile(r"(?:^|/)(?:\.venv|\.run|node_modules|dist|__pycache__|generated)/|\.pyc$|\.db$|\.log$")
    assert not [name for path in tracked_files() if made.search(name := str(path.relative_to(ROOT)))]


def test_the_lock_files_pin_every_package_by_hash() -> None:
    for name in ("requirements.lock", "requirements-node.lock"):
        blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8").strip())
        packages = [block for block in blocks if not block.startswith("#")]
        assert packages
        assert not [block.splitlines()[0] for block in packages if "==" not in block or "--hash=sha256:" not in block]


def test_the_npm_lock_has_integrity_and_no_addresses() -> None:
    text = (ROOT / "web/package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in text
    assert '"resolved": "http' not in text
