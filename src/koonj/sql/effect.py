"""Read from a statement what it does to the transaction and to the connection.

Most statements do nothing to them, and their first word shows that. koonj reads every statement of a folder
of thousands of files, so this is fast.
"""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from koonj.sql import control, refusal
from koonj.sql.control import TransactionControl, transaction
from koonj.sql.reader import Reader
from koonj.sql.refusal import Refusal, refused

_SHORT, _MANY = 64, 1024
"""Longest text whose effect is remembered, and how many are: ``BEGIN;`` and ``COMMIT;`` are in every file."""
_WORDS = frozenset({"copy", *control.VERBS, *refusal.VERBS})
"""First words of the statements that can have an effect."""


class Effect(NamedTuple):
    """What a statement does to the transaction and to the connection."""

    control: TransactionControl | None = None
    name: str = ""
    """The name of a savepoint or a prepared transaction, as written."""
    chain: bool = False
    read_only: bool = False
    refusal: Refusal = Refusal.NO
    refusal_reason: str = ""
    is_concurrent: bool = False
    copies: str = ""


NO_EFFECT = Effect()


def effect_of(text: str) -> Effect:
    """Return the effect of one statement. It reads only as much of the text as needed."""
    return _known(text) if len(text) <= _SHORT else _read(text)


@lru_cache(_MANY)
def _known(text: str) -> Effect:
    return _read(text)


def _read(text: str) -> Effect:
    word = first_word(text)
    if word and (word not in _WORDS or (word in refusal.SIGNS and refusal.has_no_sign(word, text))):
        return NO_EFFECT
    reader = Reader(text)
    part = transaction(reader.again())
    refused_, reason, concurrent = refused(reader.again())
    return Effect(
        part.control, part.name, part.chain, part.read_only, refused_, reason, concurrent, _copies(reader)
    )


def first_word(text: str) -> str:
    """Return the first word of a statement in lower case; empty if it does not begin with one."""
    found = _first_word().match(text)
    return "" if found is None else found[0].lower()


@cache
def _first_word() -> re.Pattern[str]:
    """Return the pattern of a first word that is surely a whole token."""
    return re.compile(r"[A-Za-z]++(?=[ \t\n\r\f\v;])")


def _copies(reader: Reader) -> str:
    """Return the direction of a COPY through the connection.

    STDIN and STDOUT are the same word to gram.y.
    """
    if not reader.accept("copy"):
        return ""
    reader.accept("binary")
    if reader.peek() != "(":
        reader.name()
    reader.parentheses()
    direction = reader.accept_one(("from", "to"))
    if not direction or reader.peek() not in {"stdin", "stdout"}:
        return ""
    return "from stdin" if direction == "from" else "to stdout"
