"""The last good configuration: a copy beside the file, so that a mistake in the file does not close the station.

It is also what the children are started with. They may be started again at any time, and must not run a configuration
that the controller has not seen.
"""

import hashlib
import logging
import os
from dataclasses import replace
from pathlib import Path

from edge.runtime.config import ConfigError, LoadedConfig, load

log = logging.getLogger(__name__)


def load_or_last_good(path: Path) -> tuple[LoadedConfig, str | None]:
    """The configuration, or the last good one and what is wrong with the new. Raises `ConfigError` without either."""
    last_good = path.with_name(path.name + ".last-good")
    try:
        loaded = load_usable(path)
    except ConfigError as error:
        if not last_good.exists():
            raise
        try:
            kept = load_usable(last_good)
        except ConfigError as worse:
            raise ConfigError(f"{error}; and the last good one cannot be used either: {worse}") from None
        log.error("%s; running %s", error, last_good)
        return kept, str(error)
    if _keep(path, last_good, loaded.digest):
        loaded = replace(loaded, path=last_good)
    return loaded, None


def load_usable(path: Path) -> LoadedConfig:
    """A configuration that a station can be built from. Raises `ConfigError`."""
    from edge.runtime.core_config import core_config

    loaded = load(path)
    core_config(loaded.config)
    return loaded


def _keep(path: Path, last_good: Path, digest: str) -> bool:
    """Whether the last good configuration is the one of `digest`; written whole or not at all."""
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest()[: len(digest)] != digest:
            return False
        if last_good.exists() and last_good.read_bytes() == data:
            return True
        draft = path.with_name(path.name + ".draft")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(last_good)
    except OSError as error:
        log.warning("%s cannot be kept: %s", last_good, error.strerror)
        return False
    return True
