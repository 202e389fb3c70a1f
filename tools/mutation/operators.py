"""Every small bug that a file could have had: one `Mutant` a place, found on the syntax tree in a fixed order.

Left alone are texts, annotations, imports and docstrings: they decide nothing.
"""

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tools.mutation.places import Places, Scope

COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
}
EXTREMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_Items = list[ast.stmt] | list[ast.expr] | list[ast.expr | None] | list[ast.cmpop]
SKIPPED_NAMES: Final = frozenset({"__all__", "__slots__"})


@dataclass(frozen=True)
class Mutant:
    """The `site`-th place of a file; `says` is what was changed there."""

    path: str
    site: int
    line: int
    says: str
    in_function: bool
    scope: str
    """The function, or the name outside functions, that the place is in."""
    lines: tuple[int, int]
    """The first and last line of the statement around it: who runs through them may notice."""
    key: str
    """Stays the same while the scope's text does."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.says}"


@dataclass(frozen=True)
class _Site:
    node: ast.AST
    says: str
    in_function: bool
    change: Callable[[], None]
    """Makes the bug in the tree that the site was found in."""


def mutants(path: str, source: str) -> list[Mutant]:
    """All of a file."""
    tree = ast.parse(source)
    places = Places(path, tree)
    ordinals: Counter[Scope] = Counter()
    found = []
    for number, site in enumerate(_sites(tree)):
        line = getattr(site.node, "lineno", 0)
        scope = places.scope_at(line)
        key = places.key(scope, ordinals[scope], site.says)
        ordinals[scope] += 1
        lines = places.lines_about(line)
        found.append(Mutant(path, number, line, site.says, site.in_function, scope.name, lines, key))
    return found


def mutated(source: str, number: int) -> ast.Module:
    """The file's tree with the bug of one site in it."""
    tree = ast.parse(source)
    next(site for index, site in enumerate(_sites(tree)) if index == number).change()
    return ast.fix_missing_locations(tree)


def _sites(tree: ast.Module) -> Iterator[_Site]:
    yield from _block(tree.body, in_function=False)


def _block(body: list[ast.stmt], *, in_function: bool) -> Iterator[_Site]:
    """Sites of some statements. A call that stands alone may also be left out."""
    for index, statement in enumerate(list(body)):
        if isinstance(statement, ast.Expr):
            if isinstance(statement.value, ast.Constant):
                continue
            yield _Site(statement, "left out", in_function, _replacing(body, index, ast.Pass()))
        yield from _statement(statement, in_function=in_function)


def _statement(node: ast.AST, *, in_function: bool) -> Iterator[_Site]:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Raise() | ast.JoinedStr():
            return
        case ast.FunctionDef(args=arguments, body=body):
            yield from _parts([*arguments.defaults, *(d for d in arguments.kw_defaults if d)], in_function)
            yield from _block(body, in_function=True)
            return
        case ast.ClassDef(body=body):
            yield from _block(body, in_function=in_function)
            return
        case ast.AnnAssign(value=value, target=target):
            if value is not None and _name(target) not in SKIPPED_NAMES:
                yield from _statement(value, in_function=in_function)
            return
        case ast.Assign(targets=[target], value=value):
            if _name(target) not in SKIPPED_NAMES:
                yield from _statement(value, in_function=in_function)
            return
        case ast.Compare():
            yield from _comparison(node, in_function)
        case ast.BoolOp():
            yield from _boolean(node, in_function)
        case ast.BinOp():
            yield from _arithmetic(node, in_function)
        case ast.Constant():
            yield from _constant(node, in_function)
        case ast.Call(func=ast.Name(id=name) as called) if name in EXTREMES:
            yield _Site(node, f"{name} became {EXTREMES[name]}", in_function, _setting(called, "id", EXTREMES[name]))
        case ast.Dict() if not in_function:
            for index, key in enumerate(node.keys):
                if key is not None:
                    yield _Site(key, "entry left out", in_function, _dropping(node.keys, node.values, index))
        case ast.Set() | ast.Tuple(ctx=ast.Load()) if not in_function and len(node.elts) > 1:
            for index, element in enumerate(node.elts):
                yield _Site(element, "entry left out", in_function, _dropping(node.elts, None, index))
    yield from _conditions(node, in_function)
    yield from _children(node, in_function)


def _children(node: ast.AST, in_function: bool) -> Iterator[_Site]:
    for name, value in ast.iter_fields(node):
        if isinstance(value, list) and value and all(isinstance(item, ast.stmt) for item in value):
            yield from _block(value, in_function=in_function)
        elif name not in ("annotation", "returns", "decorator_list", "ctx", "op", "ops", "format_spec"):
            yield from _parts(value if isinstance(value, list) else [value], in_function)


def _parts(values: list[ast.expr] | list[ast.AST], in_function: bool) -> Iterator[_Site]:
    for value in values:
        if isinstance(value, ast.AST):
            yield from _statement(value, in_function=in_function)


def _conditions(node: ast.AST, in_function: bool) -> Iterator[_Site]:
    """A condition that is a plain value becomes its opposite; comparisons have bugs of their own."""
    if isinstance(node, (ast.If, ast.IfExp, ast.While)) and isinstance(node.test, (ast.Name, ast.Attribute, ast.Call)):
        opposite = ast.UnaryOp(ast.Not(), node.test)
        yield _Site(node.test, "condition became its opposite", in_function, _setting(node, "test", opposite))
    if isinstance(node, ast.comprehension):
        for index in range(len(node.ifs)):
            said = ast.Constant(True)
            yield _Site(node.ifs[index], "condition left out", in_function, _replacing(node.ifs, index, said))
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
            yield _Site(value, "not left out", in_function, _setting(node, name, value.operand))


def _comparison(node: ast.Compare, in_function: bool) -> Iterator[_Site]:
    for index, operator in enumerate(node.ops):
        other = COMPARISONS[type(operator)]
        says = f"{type(operator).__name__} became {other.__name__}"
        yield _Site(node, says, in_function, _replacing(node.ops, index, other()))


def _boolean(node: ast.BoolOp, in_function: bool) -> Iterator[_Site]:
    other = ast.Or if isinstance(node.op, ast.And) else ast.And
    yield _Site(node, f"{type(node.op).__name__} became {other.__name__}", in_function, _setting(node, "op", other()))


def _arithmetic(node: ast.BinOp, in_function: bool) -> Iterator[_Site]:
    other = ARITHMETIC.get(type(node.op))
    if other is not None:
        says = f"{type(node.op).__name__} became {other.__name__}"
        yield _Site(node, says, in_function, _setting(node, "op", other()))


def _constant(node: ast.Constant, in_function: bool) -> Iterator[_Site]:
    if isinstance(node.value, bool):
        says = f"{node.value} became {not node.value}"
        yield _Site(node, says, in_function, _setting(node, "value", not node.value))
    elif isinstance(node.value, int):
        says = f"{node.value} became {node.value + 1}"
        yield _Site(node, says, in_function, _setting(node, "value", node.value + 1))


def _name(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else ""


def _setting(node: ast.AST, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(node, name, copy.copy(value))


def _replacing(
    items: list[ast.stmt] | list[ast.expr] | list[ast.cmpop], index: int, value: ast.AST
) -> Callable[[], None]:
    def change() -> None:
        items[index] = value  # type: ignore[call-overload]

    return change


def _dropping(
    items: list[ast.expr | None] | list[ast.expr], others: list[ast.expr] | None, index: int
) -> Callable[[], None]:
    def change() -> None:
        del items[index]
        if others is not None:
            del others[index]

    return change
