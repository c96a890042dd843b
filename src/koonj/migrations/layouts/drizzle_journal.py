"""The journal of Drizzle 0.x, ``meta/_journal.json``: the files in their order, with their times."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A migration that the journal or a folder names."""

    version: str
    """The time of the journal, in milliseconds; since 1.0 the name of the folder."""
    tag: str
    """The name that drizzle shows."""
    file: str
    """Path relative to the folder of migrations."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What the journal says."""

    dialect: str
    entries: tuple[Entry, ...]


class JournalError(Exception):
    """Raised if the text is not a journal. The message says why."""


def read_journal(text: str) -> Journal:
    """Return the journal. Raises: JournalError."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JournalError(f"The journal is not JSON: {error}.") from error
    entries = found.get("entries") if isinstance(found, dict) else None
    if not isinstance(entries, list):
        raise JournalError('The journal has no list "entries".')
    return Journal(str(found.get("dialect", "postgresql")), tuple(map(_entry, entries)))


def _entry(found: object) -> Entry:
    """Raises: JournalError."""
    tag, when = (found.get("tag"), found.get("when")) if isinstance(found, dict) else (None, None)
    if not isinstance(tag, str) or not isinstance(when, int) or isinstance(when, bool):
        raise JournalError(f'An entry of the journal has no "tag" or no "when": {json.dumps(found)[:80]}.')
    return Entry(str(when), tag, f"{tag}.sql")
