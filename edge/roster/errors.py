"""One exception tree: every failure of the roster is a `RosterError`."""


class RosterError(Exception):
    """Base of all; the message says what was wrong, and shows no card number."""


class RosterUnavailable(RosterError):
    """The roster cannot be read now: no file yet, being replaced, or the disk fails."""


class RosterNotWritten(RosterError):
    """A page or head could not be stored (disk full, locked, broken). Nothing of it was applied; try again."""


class PageRefused(RosterError):
    """A page that contradicts itself. Nothing of it was applied; pulling it again unchanged would not help."""


class KeyUnusable(RosterError):
    """The key file cannot be read, or is not a key."""
