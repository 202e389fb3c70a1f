"""The mutation tool: the bugs that it makes, and whether it knows a judged one from a survivor."""

import ast
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.mutation.coverage_map import Map, NoTests, draw
from tools.mutation.jury import OWN_FAILURE, Judgement, Verdict, allow, hold
from tools.mutation.kept import Results
from tools.mutation.operators import Mutant, mutants, mutated
from tools.mutation.report import Reason, reason_for, reasons
from tools.mutation.trial import judge

SOURCE = '''"""A text is left alone."""
from typing import Final
LIMIT: Final = 3
TABLE = {"a": 1, "b": 2}

def over(numbers: list[int], strict: bool = False) -> bool:
    """So is this."""
    numbers.sort()
    found = [number for number in numbers if number > LIMIT and number]
    if not strict:
        return max(numbers) + 1 >= LIMIT
    return bool(found)
'''


def test_every_place_has_its_bug_and_texts_have_none() -> None:
    assert [(mutant.line, mutant.says) for mutant in mutants("a.py", SOURCE)] == [
        (3, "3 became 4"),
        (4, "entry left out"),
        (4, "entry left out"),
        (4, "1 became 2"),
        (4, "2 became 3"),
        (6, "False became True"),
        (8, "left out"),
        (9, "condition left out"),
        (9, "And became Or"),
        (9, "Gt became GtE"),
        (10, "not left out"),
        (11, "GtE became Gt"),
        (11, "Add became Sub"),
        (11, "max became min"),
        (11, "1 became 2"),
    ]


def test_each_mutant_is_the_source_with_one_change() -> None:
    found = mutants("a.py", SOURCE)
    texts = {ast.unparse(mutated(SOURCE, mutant.site)) for mutant in found}
    assert len(texts) == len(found)
    assert ast.unparse(ast.parse(SOURCE)) not in texts


def test_a_bug_keeps_its_name_while_the_text_around_it_stays() -> None:
    def keys(source: str) -> dict[str, str]:
        return {f"{mutant.scope} {mutant.says} {mutant.line}": mutant.key for mutant in mutants("a.py", source)}

    moved = keys("# A comment more.\n" + SOURCE.replace("found = [", "found = [  # and here\n        "))
    assert sorted(moved.values()) == sorted(keys(SOURCE).values())
    edited = SOURCE.replace("max(numbers) + 1", "max(numbers) + 5")
    changed_scopes = {name.split()[0] for name, key in keys(edited).items() if key not in keys(SOURCE).values()}
    assert changed_scopes == {"over"}
    assert len(set(keys(SOURCE).values())) == len(keys(SOURCE))


def test_who_runs_through_any_line_of_a_statement_may_notice_a_bug_in_it() -> None:
    source = "def f(a, b):\n    return max(\n        a,\n        b + 1,\n    )\n"
    assert {mutant.lines for mutant in mutants("a.py", source)} == {(2, 5)}
    source = "def f(a):\n    if (\n        a > 1\n    ):\n        return 5\n"
    assert [mutant.lines for mutant in mutants("a.py", source)] == [(2, 4), (2, 4), (5, 5)]


FUNCTION = """def made(limit):
    def inner(value):
        return value > limit
    return inner

over_nine = made(9)

def count(to):
    steps = 0
    while steps < to:
        steps = steps + 1
    return steps, 7
"""
TESTS = """from counted_by_mutation import count, made, over_nine

def test_count():
    assert count(2)[0] == 2

def test_limit():
    assert not made(3)(3)

def test_made_before():
    assert over_nine(10)
"""
NAME = "counted_by_mutation.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / NAME).write_text(FUNCTION)
    (tmp_path / "test_counted.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    return tmp_path


def a_mutant(says: str, scope: str = "count") -> Mutant:
    return next(each for each in mutants(NAME, FUNCTION) if (each.says, each.scope) == (says, scope))


CASES = [
    ("count", "Lt became LtE", Judgement(Verdict.KILLED, "test_counted.py::test_count")),
    ("count", "7 became 8", Judgement(Verdict.SURVIVED)),
    ("count", "Add became Sub", Judgement(Verdict.TIMED_OUT)),
    ("made", "Gt became GtE", Judgement(Verdict.KILLED, "test_counted.py::test_limit")),
]
ALL = [f"test_counted.py::{name}" for name in ("test_count", "test_limit", "test_made_before")]


@pytest.mark.parametrize(("scope", "says", "judgement"), CASES)
def test_a_mutant_is_judged_by_the_tests(project: Path, scope: str, says: str, judgement: Judgement) -> None:
    assert judge(project, a_mutant(says, scope), ALL, {}) == judgement


def test_a_mutant_without_judges_is_neither_killed_nor_a_survivor(project: Path) -> None:
    assert judge(project, a_mutant("7 became 8"), [], {}).verdict is Verdict.BROKEN
    gone = ["test_counted.py::test_of_another_time"]
    assert judge(project, a_mutant("7 became 8"), gone, {}).verdict is Verdict.BROKEN


BENCH = """
import sys
from pathlib import Path
from tests.house.test_mutation import ALL, CASES, a_mutant
from tools.mutation.warm import Unreachable, serve

def judge_all(bench):
    assert bench.fails_alone(ALL) == []
    for scope, says, expected in CASES:
        found = bench.judge(a_mutant(says, scope), ALL)
        assert found == expected, (says, found)
    try:
        bench.judge(a_mutant("9 became 10", "over_nine"), ALL)
    except Unreachable:
        print("all judged")

root = Path(sys.argv[1])
serve(root, (".",), dict.fromkeys(ALL, 0.0), judge_all)
"""


def test_a_warm_process_judges_as_a_fresh_one_does_and_knows_what_it_cannot_reach(project: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", BENCH, project],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "all judged" in said.stdout, said.stdout + said.stderr


def test_a_trial_that_never_ends_is_ended_by_the_work_it_does_not_by_the_time_that_passes() -> None:
    def spins() -> None:
        allow(0.0)
        while True:
            pass

    def waits() -> None:
        allow(0.0)
        time.sleep(1.6)

    assert hold(spins, 1.0).verdict is Verdict.TIMED_OUT
    assert hold(waits, 1.0).verdict is Verdict.SURVIVED


def test_a_trial_that_goes_wrong_by_itself_is_no_verdict_and_one_that_dies_is() -> None:
    def wrong() -> None:
        raise LookupError(OWN_FAILURE)

    def dies() -> None:
        os._exit(7)

    assert hold(wrong, 1.0).verdict is Verdict.BROKEN
    assert "LookupError" in hold(wrong, 1.0).says
    assert hold(dies, 1.0).verdict is Verdict.KILLED


def test_a_kept_survivor_is_asked_about_by_the_tests_that_are_new_since(project: Path) -> None:
    kept_in = project / "kept/results.jsonl"
    mutant = a_mutant("7 became 8")
    Results(kept_in, project, (".",)).keep(mutant, Judgement(Verdict.SURVIVED))

    same = Results(kept_in, project, (".",))
    kept = same.of(mutant)
    assert kept is not None
    assert kept.verdict is Verdict.SURVIVED
    assert same.new_since(kept, ALL) == []
    assert same.of(a_mutant("Lt became LtE")) is None

    (project / "test_more.py").write_text("def test_more():\n    pass\n")
    later = Results(kept_in, project, (".",))
    assert later.new_since(kept, [*ALL, "test_more.py::test_more"]) == ["test_more.py::test_more"]


def test_the_judges_of_a_line_are_the_tests_that_run_through_it_those_of_the_file_first() -> None:
    tests = Map(
        {"edge/core/door.py": {5: ["tests/a.py::one", "tests/door.py::two"], 6: ["", "tests/a.py::three"]}},
        {"tests/a.py::one": 0.1, "tests/door.py::two": 0.1, "tests/a.py::three": 0.1, "tests/b.py::four": 0.1},
        [],
    )

    def at(path: str, line: int, in_function: bool = True) -> Mutant:
        return Mutant(path, 0, line, "", in_function, "f", (line, line), "")

    assert tests.tests_of(at("edge/core/door.py", 5)) == ["tests/door.py::two", "tests/a.py::one"]
    # What runs at import is every test's of the file; a file without lines in tests, everybody's.
    assert len(tests.tests_of(at("edge/core/door.py", 1, False))) == 3
    assert len(tests.tests_of(at("edge/core/other.py", 1, False))) == 4
    assert tests.runs_at_import(at("edge/core/door.py", 6))
    assert not tests.runs_at_import(at("edge/core/door.py", 5))
    # Who has noticed a bug there is asked first about the next one.
    tests.noticed(at("edge/core/door.py", 5), "tests/a.py::one")
    assert tests.tests_of(at("edge/core/door.py", 5)) == ["tests/a.py::one", "tests/door.py::two"]


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """As much of a tree as the tool looks at."""
    for folder in ("edge/core", "contract/policy", "tests/core", "tests/policy"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copytree(Path(__file__).resolve().parents[2] / "tools", tmp_path / "tools")
    (tmp_path / "edge/core/door.py").write_text("LIMIT = 3\n\ndef over(a):\n    return a > LIMIT\n\nOTHER = 4\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\naddopts = --import-mode=importlib\n")
    return tmp_path


def write_test(station: Path, name: str, body: str) -> str:
    path = f"tests/core/{name}.py"
    (station / path).write_text(f"from edge.core import door\n\ndef {name}():\n    {body}\n")
    return f"{path}::{name}"


def test_the_map_knows_who_runs_through_what_and_is_drawn_anew_only_for_tests_that_have_changed(
    station: Path, tmp_path: Path
) -> None:
    memory = tmp_path / "map"
    over = write_test(station, "test_over", "assert door.over(4)")
    other = write_test(station, "test_other", "assert door.OTHER == 4")
    first = draw(station, memory)
    assert (first.by_line["edge/core/door.py"][4], set(first.seconds)) == ([over], {over, other})
    source = (station / "edge/core/door.py").read_text()
    at_import = [mutant for mutant in mutants("edge/core/door.py", source) if not mutant.in_function]
    # What runs at import is judged by those who meet its name.
    assert [(mutant.scope, first.tests_of(mutant)) for mutant in at_import] == [("LIMIT", [over]), ("OTHER", [other])]

    write_test(station, "test_other", "assert not door.over(3)")
    second = draw(station, memory)
    assert set(second.by_line["edge/core/door.py"][4]) == {over, other}
    assert second.seconds[over] == first.seconds[over], "it was not run again"

    (station / "tests/core/test_other.py").unlink()
    (station / "tests/core/test_over.py").unlink()
    with pytest.raises(NoTests):
        draw(station, memory)


def test_a_reason_is_for_one_change_in_one_line_of_one_function() -> None:
    mutant = a_mutant("7 became 8")
    reason = Reason(NAME, "count", True, "nobody looks", ("7 became 8",), "return steps, 7")
    assert reason_for(mutant, "return steps, 7", [reason]) is reason
    assert reason_for(mutant, "return 7, steps", [reason]) is None
    assert reason_for(a_mutant("Lt became LtE"), "return steps, 7", [reason]) is None


def test_every_reason_that_is_given_is_for_a_file_that_there_is_and_says_why() -> None:
    for reason in reasons():
        assert (Path(__file__).resolve().parents[2] / reason.path).is_file()
        assert reason.why.endswith(".")
        assert reason.changes
