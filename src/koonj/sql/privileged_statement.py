"""Find what a statement creates that needs more than rights on a schema: a schema, an extension, a role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from koonj.sql.reader import Reader
from koonj.sql.row_values import plain_name
from koonj.sql.strings import content

_SIGN = re.compile(r"schema|extension|role|user|group", re.IGNORECASE)


class Privileged(StrEnum):
    """What the statement creates; for a role also: drops."""

    SCHEMA = "schema"
    EXTENSION = "extension"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class PrivilegedStatement:
    """A statement that PostgreSQL refuses without such a right."""

    kind: Privileged
    name: str = ""
    """Name of an extension as in the catalog; else empty."""
    version: str | None = None
    """Version of an extension, if the statement names it."""


def privileged_statement(text: str) -> PrivilegedStatement | None:
    """Return what the statement creates; None if it needs no such right, or the text does not show it.

    A statement in a DO or a function is not read.
    """
    if not _SIGN.search(text):
        return None
    reader = Reader(text)
    if reader.accept("create"):
        if reader.accept("schema"):
            return PrivilegedStatement(Privileged.SCHEMA)
        if reader.accept("extension"):
            return _extension(reader)
        return _role(reader)
    return _role(reader) if reader.accept("drop") else None


def _role(reader: Reader) -> PrivilegedStatement | None:
    word = reader.accept_one(("role", "user", "group"))
    if not word or (word == "user" and reader.peek() == "mapping"):
        return None
    return PrivilegedStatement(Privileged.ROLE)


def _extension(reader: Reader) -> PrivilegedStatement | None:
    reader.accept("if", "not", "exists")
    name, version = plain_name(reader.name()), None
    if not name:
        return None
    while word := reader.take():
        if word == "version":
            version = content(reader.take())
        elif word == "schema":
            reader.take()
    return PrivilegedStatement(Privileged.EXTENSION, name, version)
