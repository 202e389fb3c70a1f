"""JSON or TOML objects to frozen dataclasses and back, by their type hints. Standard library only.

One reader serves records, the messages between a station's processes, and configuration, so that the controller loads
no validation library. It knows scalars, `NewType`s, `StrEnum`s, `Path`, `X | None`, `dict[str, Any]`, `dict[str, X]`,
`tuple[X, ...]` and nested dataclasses, which is all that these need.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
_HINTS: Final[dict[type, dict[str, Any]]] = {}


class PlainError(ValueError):
    """A value that does not fit. `where` is the dotted path of the field, `why` says what is wrong with it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


def build(cls: type[T], data: Mapping[str, Any], *, where: str = "", unknown_ok: bool = True) -> T:
    """`cls(**data)` with every value checked against its hint.

    Raises:
        PlainError: a field is missing, of the wrong type, or (unless `unknown_ok`) not one of the class.
    """
    if not isinstance(data, Mapping):
        raise PlainError(where, f"must be a table of keys, not {type(data).__name__}")
    hints = _HINTS.get(cls) or _HINTS.setdefault(cls, get_type_hints(cls))
    known = {field.name: field for field in fields(cast(Any, cls))}
    if not unknown_ok:
        for name in data:
            if name not in known:
                raise PlainError(_inside(where, name), f"unknown key; known are {', '.join(known)}")
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in data:
            values[name] = _convert(hints[name], data[name], _inside(where, name), unknown_ok)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise PlainError(_inside(where, name), "is missing")
    try:
        return cls(**values)
    except ValueError as error:
        if isinstance(error, PlainError):
            raise
        raise PlainError(where, str(error)) from None


def plain(value: Any) -> Any:
    """A dataclass (or anything inside one) as JSON-able plain values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _convert(hint: Any, value: Any, where: str, unknown_ok: bool) -> Any:
    hint = getattr(hint, "__supertype__", hint)
    origin = get_origin(hint)
    if hint is Any:
        return value
    if origin in (Union, UnionType):
        if value is None:
            return None
        return _convert(next(arm for arm in get_args(hint) if arm is not type(None)), value, where, unknown_ok)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise PlainError(where, f"must be a list, not {type(value).__name__}")
        item_hint = get_args(hint)[0]
        return tuple(_convert(item_hint, item, f"{where}[{index}]", unknown_ok) for index, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, Mapping):
            raise PlainError(where, f"must be a table of keys, not {type(value).__name__}")
        item_hint = get_args(hint)[1]
        return {
            str(key): _convert(item_hint, item, _inside(where, str(key)), unknown_ok) for key, item in value.items()
        }
    if is_dataclass(hint):
        return build(cast(type[Any], hint), value, where=where, unknown_ok=unknown_ok)
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Path and isinstance(value, (str, Path)):
        return Path(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if issubclass(hint, StrEnum) and isinstance(value, str):
        try:
            return hint(value)
        except ValueError:
            raise PlainError(where, f"{value!r} is not one of {', '.join(hint)}") from None
    if isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise PlainError(where, f"must be {hint.__name__}, not {type(value).__name__}")
