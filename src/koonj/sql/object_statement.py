"""Find which functions and types a statement creates, alters or drops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from koonj.sql.reader import Reader
from koonj.sql.row_values import plain_name

_SIGN = re.compile(r"\b(function|procedure|routine|type|domain)\b", re.IGNORECASE)
_KINDS = {"function": "function", "procedure": "function", "routine": "function"}
_KINDS |= {"type": "type", "domain": "type"}


class ObjectAct(StrEnum):
    """What the statement does."""

    CREATE = "create"
    REPLACE = "replace"
    """Create it, or replace one that has the same arguments."""
    ALTER = "alter"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class ObjectStatement:
    """A function or a type that a statement names."""

    act: ObjectAct
    kind: str
    """``function`` (also a procedure) or ``type`` (also a domain)."""
    name: str
    """As in the catalog."""
    schema: str | None
    """As in the catalog; None if the statement does not name it."""
    bare: bool = False
    """It is a function, and its parentheses are empty."""


def object_statements(text: str) -> Iterator[ObjectStatement]:
    """Yield the functions and types that a statement creates, alters or drops by name.

    A statement in a DO or a function is not read.
    """
    if not _SIGN.search(text):
        return
    reader = Reader(text)
    word = reader.accept_one(("create", "alter", "drop"))
    if not word:
        return
    act = ObjectAct(word)
    if act is ObjectAct.CREATE and reader.accept("or", "replace"):
        act = ObjectAct.REPLACE
    kind = _KINDS.get(reader.take())
    if kind is None:
        return
    reader.accept("if", "exists")
    while name := reader.name():
        bare = kind == "function" and reader.peek() == "(" and reader.peek(1) == ")"
        reader.parentheses()
        parts = _parts(name)
        if parts is not None:
            yield ObjectStatement(act, kind, parts[1], parts[0], bare)
        if act is not ObjectAct.DROP or not reader.accept(","):
            return


def _parts(name: str) -> tuple[str | None, str] | None:
    """Return schema and name as in the catalog; None if there are more parts."""
    last = plain_name(name)
    reader = Reader(name)
    words = [word for word in iter(reader.take, "") if word != "."]
    if len(words) > 2:
        return None
    return (plain_name(words[0]) if len(words) == 2 else None), last
