"""What part of the organisation tree somebody may see: one node and everything below it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from cloud.store.tables import organisation


@dataclass(frozen=True)
class Scope:
    """A subtree, by the path of its top node (`/national/province/`)."""

    path: str

    @classmethod
    def whole(cls) -> "Scope":
        """The whole tree: for the cloud's own work, and for the API while there are no accounts."""
        return cls("/")

    def contains(self, path: str) -> bool:
        """Whether a node with this path lies in the subtree."""
        return path.startswith(self.path)

    def covers(self) -> ColumnElement[bool]:
        """The same as a condition on `organisation`."""
        column: Any = organisation.c.path
        condition: ColumnElement[bool] = column.startswith(self.path, autoescape=True)
        return condition
