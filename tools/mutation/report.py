"""What a run found, in words: a page with the score of each file and every survivor, with the reason if one is known.

Reasons stand in `left.toml`, by file, scope, the line's text and the changes; they are for survivors that no test
should be written for, because nobody could tell the difference (`equal`), or none is worth it (`left`).
"""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.mutation.jury import Judgement, Verdict
from tools.mutation.kept import BY_SHORT_TESTS
from tools.mutation.operators import Mutant

REASONS: Final = Path(__file__).with_name("left.toml")
NOTICED: Final = frozenset({Verdict.KILLED, Verdict.TIMED_OUT})


@dataclass(frozen=True)
class Reason:
    path: str
    scope: str
    equal: bool
    why: str
    changes: tuple[str, ...]
    code: str = ""
    """The line with the place, without its indentation; none given: any line of the scope."""

    def is_for(self, mutant: Mutant, code: str) -> bool:
        same_place = (self.path, self.scope) == (mutant.path, mutant.scope) and self.code in ("", code)
        return same_place and mutant.says in self.changes


def reasons(path: Path = REASONS) -> list[Reason]:
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    return [Reason(**{**each, "changes": tuple(each["changes"])}) for each in said["survivor"]]


def line_of(root: Path, mutant: Mutant) -> str:
    """The text of the line that a mutant changes."""
    return (root / mutant.path).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()


def reason_for(mutant: Mutant, code: str, known: Iterable[Reason]) -> Reason | None:
    return next((reason for reason in known if reason.is_for(mutant, code)), None)


def page(root: Path, verdicts: Mapping[Mutant, Judgement], left_out: str = "") -> str:
    """The report as Markdown. `left_out` is the expression for files that nobody judged."""
    known = reasons()
    files: dict[str, Counter[bool]] = defaultdict(Counter)
    survivors: dict[str, list[Mutant]] = defaultdict(list)
    for mutant, judgement in verdicts.items():
        if judgement.verdict is not Verdict.BROKEN:
            files[mutant.path][judgement.verdict in NOTICED] += 1
        if judgement.verdict is Verdict.SURVIVED:
            survivors[mutant.path].append(mutant)
    total = sum(files.values(), Counter())
    share = f"{total[True] / max(1, total.total()):.1%}"
    lines = [
        "# Small bugs in what decides, and who noticed them",
        "",
        f"{total.total()} small bugs were put into `edge/core` and `contract/policy`, one at a time; the tests in",
        f"`tests/core` and `tests/policy` noticed {total[True]} ({share}). How, and what",
        'counts: [adr/0008](adr/0008-own-mutation-tool.md). Made by `make mutation ARGS="--report docs/MUTATION.md"`.',
        "",
        "| file | mutants | noticed | survived |",
        "|---|---:|---:|---:|",
    ]
    if left_out:
        lines[5:5] = ["", f"Not judged this time: files whose path matches `{left_out}`."]
    for path, count in sorted(files.items()):
        lines.append(f"| {path} | {count.total()} | {count[True]} | {count[False]} |")
    lines.append(f"| **all** | {total.total()} | {total[True]} | {total[False]} |")
    for path, found in sorted(survivors.items()):
        lines += ["", f"## {path}", "", "| in | line | change | why it is left |", "|---|---|---|---|"]
        for mutant in sorted(found, key=lambda each: each.site):
            code = line_of(root, mutant)
            reason = reason_for(mutant, code, known)
            why = "" if reason is None else ("Equal: " if reason.equal else "Left: ") + reason.why
            if not why and verdicts[mutant].says == BY_SHORT_TESTS:
                why = "The long tests have not judged it yet."
            cells = (mutant.scope, f"`{code}`", mutant.says, why)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
