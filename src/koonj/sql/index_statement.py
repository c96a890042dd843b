"""Find the index that a statement creates or attaches, from its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from koonj.sql.reader import Reader

_INDEX = re.compile("index", re.IGNORECASE)
_SHORT, _MANY = 512, 1024
"""Longest text whose index is remembered, and how many are: a run asks three times for each statement."""


@dataclass(frozen=True, slots=True)
class IndexStatement:
    """A CREATE INDEX, or an ALTER INDEX … ATTACH PARTITION."""

    index: str
    """Name of the created or attached index as written; empty if the server chooses it."""
    table: str
    """Name of the table as written, for CREATE INDEX; else empty."""
    only: bool = False
    """ON ONLY: the index of a partitioned table is INVALID until it is attached everywhere."""
    if_not_exists: bool = False
    """The server skips the statement if a relation has this name."""


def index_statement(text: str) -> IndexStatement | None:
    """Return the index of a statement, or None if it neither creates nor attaches one."""
    if not _INDEX.search(text):
        return None
    return _known(text) if len(text) <= _SHORT else _read(text)


@lru_cache(_MANY)
def _known(text: str) -> IndexStatement | None:
    return _read(text)


def _read(text: str) -> IndexStatement | None:
    reader = Reader(text)
    if reader.accept("create"):
        reader.accept("unique")
        return _created(reader) if reader.accept("index") else None
    if not reader.accept("alter", "index"):
        return None
    reader.accept("if", "exists")
    reader.name()
    if not reader.accept("attach", "partition"):
        return None
    attached = reader.name()
    return IndexStatement(attached, "") if attached else None


def _created(reader: Reader) -> IndexStatement | None:
    reader.accept("concurrently")
    if_not_exists = reader.accept("if", "not", "exists")
    index = "" if reader.peek() == "on" else reader.name()
    if not reader.accept("on"):
        return None
    only = reader.accept("only")
    table = reader.name()
    return IndexStatement(index, table, only, if_not_exists) if table else None
