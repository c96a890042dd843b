"""Remember which database each target of koonj.toml is, in a file of the user's state folder.

The first connection pins the target's identity. Another identity is then noticed: a dsn, a name server or a
tunnel that leads somewhere else. The file is ``koonj/pinned.json``.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from koonj.state_file import StateFile, replace_content
from koonj.user_folders import UserFolderError

_FILE = StateFile("pinned")


@dataclass(frozen=True, slots=True)
class DatabaseIdentity:
    """What tells a database from others, also if host, port and name are the same."""

    system: str | None
    """The system identifier, which initdb makes; a standby has that of its primary. None: not readable."""
    database: int
    """OID of the database."""
    history: int | None
    """OID of koonj.history; None if there is none."""
    name: str
    """Name of the database, which can be changed."""

    def is_same(self, other: "DatabaseIdentity") -> bool:
        """Return whether nothing that is known tells the two apart."""
        if self.database != other.database:
            return False
        if self.system is not None and other.system is not None:
            return self.system == other.system
        return None in (self.history, other.history) or self.history == other.history

    def is_made_anew(self, now: "DatabaseIdentity") -> bool:
        """Return whether `now` looks like this database after DROP DATABASE and CREATE DATABASE.

        It has the same name on the same server for certain, and no history.
        """
        same_server = self.system is not None and self.system == now.system
        return same_server and self.name == now.name and self.database != now.database and now.history is None

    def __str__(self) -> str:
        system = f"system {self.system}" if self.system else "a system that does not tell its identifier"
        return f"database {self.name} (OID {self.database}) of {system}"


@dataclass(frozen=True, slots=True)
class Pin:
    """What a target was when it was pinned."""

    identity: DatabaseIdentity
    host: str
    """Where it was reached."""
    at: str
    """Time in ISO 8601."""


def other_pin(
    project: str, target: str, found: DatabaseIdentity, host: str, environ: Mapping[str, str] = os.environ
) -> Pin | None:
    """Return the pin of the target if `found` is another database. Pin it if it is not pinned.

    `project` is the real path of the project's folder.

    Raises:
        UserFolderError: what is stored cannot be read, or cannot be changed.
    """
    known = pin_of(project, target, environ)
    if known is None or _is_news(known, found):
        with _changing(environ) as pins:
            known = pins.get((project, target))  # another koonj can have been faster
            if known is None:
                known = Pin(found, host, _now())
                pins[project, target] = known
            elif _is_news(known, found):
                pins[project, target] = replace(known, identity=_together(known.identity, found))
    return None if known.identity.is_same(found) else known


def pin_of(project: str, target: str, environ: Mapping[str, str] = os.environ) -> Pin | None:
    """Return what the target was pinned to; None if it is not pinned.

    Raises:
        UserFolderError: what is stored cannot be read.
    """
    return _pins(environ).get((project, target))


def pin(
    project: str, target: str, found: DatabaseIdentity, host: str, environ: Mapping[str, str] = os.environ
) -> None:
    """Pin the target to this database, whatever it was.

    Raises:
        UserFolderError: it cannot be stored.
    """
    with _changing(environ) as pins:
        pins[project, target] = Pin(found, host, _now())


def _is_news(known: Pin, found: DatabaseIdentity) -> bool:
    """Return whether the same database tells more than when it was pinned."""
    return known.identity.is_same(found) and _together(known.identity, found) != known.identity


def _together(known: DatabaseIdentity, found: DatabaseIdentity) -> DatabaseIdentity:
    return replace(
        found,
        system=known.system if found.system is None else found.system,
        history=known.history if found.history is None else found.history,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


Pins = dict[tuple[str, str], Pin]
"""Pins by project and target."""


def _pins(environ: Mapping[str, str]) -> Pins:
    try:
        stored = _FILE.read(environ)
        if stored is None:
            raise ValueError("other users own it or can write to it")
        return {(one["project"], one["target"]): _pin(one) for one in stored["pins"]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UserFolderError(
            f"koonj cannot read {_FILE.path(environ)}: {reason}.", "Make it readable, or delete it."
        ) from error


def _pin(stored: Mapping[str, Any]) -> Pin:
    return Pin(DatabaseIdentity(**stored["identity"]), stored["host"], stored["at"])


@contextmanager
def _changing(environ: Mapping[str, str]) -> Iterator[Pins]:
    try:
        with _FILE.locked(environ) as file:
            pins = _pins(environ)
            yield pins
            listed = [{"project": key[0], "target": key[1], **asdict(pins[key])} for key in sorted(pins)]
            replace_content(file, {"format": 1, "pins": listed})
    except OSError as error:
        raise UserFolderError(
            f"koonj cannot write {_FILE.path(environ)}: {error.strerror or error}.",
            "Make the folder writable.",
        ) from error
