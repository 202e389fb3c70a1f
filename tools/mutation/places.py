"""Where a bug sits: the lines whose tests may notice it, and the text that its verdict is kept for.

A verdict belongs to a function's text (or a statement's, outside functions) and not to a line number, so that it stays
valid when other parts of the file change. Comments and line breaks are no part of that text.
"""

import ast
import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

KEY_DIGITS: Final = 16


@dataclass(frozen=True)
class Scope:
    """A function with all that is in it, or one statement outside functions."""

    name: str
    text: str
    first_line: int
    last_line: int


class Places:
    """The scopes and statements of one file."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self._path = path
        self._scopes = list(_scopes(tree.body, ""))
        self._starts = [scope.first_line for scope in self._scopes]
        self._pieces = sorted(_pieces(tree), key=lambda piece: piece[1] - piece[0])

    def scope_at(self, line: int) -> Scope:
        return self._scopes[max(0, bisect_right(self._starts, line) - 1)]

    def lines_about(self, line: int) -> tuple[int, int]:
        """The first and last line of the smallest statement, or head of a compound one, that a line is part of."""
        return next((piece for piece in self._pieces if piece[0] <= line <= piece[1]), (line, line))

    def key(self, scope: Scope, ordinal: int, says: str) -> str:
        """Names the `ordinal`-th bug of a scope for as long as the scope's text stays."""
        said = "\0".join((self._path, scope.name, scope.text, str(ordinal), says))
        return hashlib.sha256(said.encode()).hexdigest()[:KEY_DIGITS]


def _scopes(body: list[ast.stmt], within: str) -> Iterator[Scope]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield from _scopes(statement.body, f"{within}{statement.name}.")
            continue
        first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))])
        yield Scope(within + _name(statement), ast.unparse(statement), first, statement.end_lineno or first)


def _name(statement: ast.stmt) -> str:
    match statement:
        case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return type(statement).__name__


def _pieces(tree: ast.Module) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None) or getattr(node, "cases", None)
            if body is None:
                yield node.lineno, node.end_lineno or node.lineno
            else:
                inner = body[0].pattern if isinstance(body[0], ast.match_case) else body[0]
                yield node.lineno, max(node.lineno, inner.lineno - 1)
