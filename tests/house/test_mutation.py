"""The mutation tool: the bugs that it makes, and whether it knows a judged one from a survivor."""

import ast
from pathlib import Path

import pytest

from tools.mutation.coverage_map import Map
from tools.mutation.operators import mutants, mutated
from tools.mutation.trial import Verdict, judge

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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "counted_by_mutation.py").write_text(
        "def count(to):\n    steps = 0\n    while steps < to:\n        steps = steps + 1\n    return steps, 7\n"
    )
    (tmp_path / "test_counted.py").write_text(
        "from counted_by_mutation import count\n\ndef test_count():\n    assert count(2)[0] == 2\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    return tmp_path


@pytest.mark.parametrize(
    ("says", "verdict"),
    [
        ("Lt became LtE", Verdict.KILLED),
        ("7 became 8", Verdict.SURVIVED),
        ("Add became Sub", Verdict.TIMED_OUT),
    ],
)
def test_a_mutant_is_judged_by_the_tests(project: Path, says: str, verdict: Verdict) -> None:
    name = "counted_by_mutation.py"
    mutant = next(each for each in mutants(name, (project / name).read_text()) if each.says == says)
    limit_s = 2.0 if verdict is Verdict.TIMED_OUT else 60.0
    assert judge(project, mutant, ["test_counted.py::test_count"], limit_s) is verdict


def test_a_mutant_without_judges_is_neither_killed_nor_a_survivor(project: Path) -> None:
    name = "counted_by_mutation.py"
    mutant = mutants(name, (project / name).read_text())[0]
    assert judge(project, mutant, ["test_counted.py::test_of_another_time"], 60.0) is Verdict.BROKEN


def test_the_judges_of_a_line_are_the_tests_that_run_through_it_those_of_the_file_first() -> None:
    tests = Map(
        {"edge/core/door.py": {5: ["tests/a.py::one", "tests/door.py::two"], 6: ["tests/a.py::three"]}},
        {"tests/a.py::one": 0.1, "tests/door.py::two": 0.1, "tests/a.py::three": 0.1, "tests/b.py::four": 0.1},
        [],
    )
    assert tests.tests_of("edge/core/door.py", 5, in_function=True) == ["tests/door.py::two", "tests/a.py::one"]
    # What runs at import is every test's of the file; a file without lines in tests, everybody's.
    assert len(tests.tests_of("edge/core/door.py", 1, in_function=False)) == 3
    assert len(tests.tests_of("edge/core/other.py", 1, in_function=False)) == 4
