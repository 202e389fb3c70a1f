"""`frozen` makes what `dataclass(frozen=True)` makes, by a quicker constructor."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from inspect import signature

import pytest

from contract.frozen import frozen


@frozen
class Quick:
    """One of everything."""

    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.first < 0:
            raise ValueError(f"first = {self.first}: must not be negative")


@dataclass(frozen=True)
class Plain:
    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list)


def test_fields_are_given_by_place_or_by_name_and_have_their_defaults() -> None:
    assert vars(Quick(1, "b", third=[3])) == {"first": 1, "second": "b", "third": [3]}
    assert vars(Quick(first=1)) == vars(Plain(first=1))


def test_a_default_that_is_made_is_made_for_each() -> None:
    assert Quick(1).third is not Quick(1).third


@pytest.mark.parametrize("given", [{}, {"first": 1, "fourth": 4}])
def test_what_is_missing_or_unknown_is_refused(given: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        Quick(**given)  # type: ignore[arg-type]


def test_what_a_value_checks_of_itself_is_checked() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        Quick(-1)


def test_a_value_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Quick(1).first = 2  # type: ignore[misc]


def test_equality_repr_fields_and_parameters_are_those_of_a_dataclass() -> None:
    assert Quick(1) == Quick(1) != Quick(2)
    assert repr(Quick(1)) == "Quick(first=1, second='two', third=[])"
    assert [each.name for each in fields(Quick)] == [each.name for each in fields(Plain)]
    assert list(signature(Quick).parameters) == list(signature(Plain).parameters)


def test_a_value_can_be_hashed_where_its_fields_can() -> None:
    @frozen
    class Pair:
        left: int
        right: int

    assert {Pair(1, 2)} == {Pair(1, 2)}


def test_a_value_is_replaced_and_pickled_like_any_other() -> None:
    assert replace(Quick(1), second="b") == Quick(1, "b")
    assert pickle.loads(pickle.dumps(Quick(1, "b", [3]))) == Quick(1, "b", [3])
