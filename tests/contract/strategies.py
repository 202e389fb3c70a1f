"""Hypothesis strategies for what the wire carries."""

from dataclasses import fields
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from contract.records import RECORD_TYPES, Record, UnknownRecord

any_text = st.text(max_size=30)
"""Without lone surrogates; those have tests of their own."""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=10,
)
json_objects = st.dictionaries(any_text, json_values, max_size=6)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a record field's type."""
    hint = getattr(hint, "__supertype__", hint)
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([st.none() if arm is type(None) else values_of(arm) for arm in get_args(hint)])
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    if get_origin(hint) is dict:
        return st.dictionaries(any_text, values_of(get_args(hint)[1]), max_size=4)
    if get_origin(hint) is tuple:
        return st.lists(values_of(get_args(hint)[0]), max_size=4).map(tuple)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: any_text,
        bool: st.booleans(),
        int: st.integers(-(2**63), 2**63 - 1),
    }
    return simple[hint]


def records_of(record_type: type) -> st.SearchStrategy[Any]:
    hints = get_type_hints(record_type)
    return st.builds(record_type, **{field.name: values_of(hints[field.name]) for field in fields(record_type)})


known_records: st.SearchStrategy[Record] = st.one_of([records_of(kind) for kind in RECORD_TYPES.values()])
unknown_records = st.builds(UnknownRecord, any_text.filter(lambda kind: kind not in RECORD_TYPES), json_objects)
