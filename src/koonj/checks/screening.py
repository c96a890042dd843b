"""Recognize the files in which no rule surely finds anything, without reading their statements.

Most statements of a large folder create and fill new tables. To find nothing in them, a few words are enough.
A file that could have a finding is read in full; the answer of the rules does not depend on this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from koonj.checks.names import last_name, table_name
from koonj.sql.effect import first_word
from koonj.sql.index_statement import index_statement
from koonj.sql.reader import Reader

_ALWAYS = frozenset({"truncate", "lock", "reindex", "refresh", "cluster", "vacuum", "with"})


def surely_nothing(statements: Sequence[str]) -> bool:
    """Return whether no rule surely finds anything in a plain file with these statements."""
    if not statements or (first_word(statements[0]) not in {"begin", "start"} and len(statements) > 1):
        return False
    created: list[str] = []
    altered: list[str] = []
    for text in statements:
        verb = first_word(text)
        if not verb or is_suspect(verb, text):
            return False
        if verb == "create":
            created.append(text)
            if not _is_harmless_index(created):
                return False
        elif verb == "alter":
            altered.append(text)
    return len(altered) <= 1 or len(set(filter(None, map(_altered, altered)))) <= 1


def is_suspect(verb: str, text: str) -> bool:
    """Return whether a statement could have a finding, apart from indexes and enum values."""
    if verb in _ALWAYS or (verb in _NAMING and _has_long_word(text)):
        return True
    return verb in _SUSPECTS and _SUSPECTS[verb](text)


def _is_harmless_index(created: Sequence[str]) -> bool:
    """Return whether the last statement creates no index, or one that no rule reports."""
    index = index_statement(created[-1])
    return index is None or _is_concurrent(created[-1]) or last_name(index.table) in map(_made, created[:-1])


def _is_concurrent(text: str) -> bool:
    reader = Reader(text)
    reader.accept("create")
    reader.accept("unique")
    return reader.accept("index", "concurrently") and reader.peek() != "if"


def _made(text: str) -> str:
    reader = Reader(text)
    reader.accept("create")
    while reader.accept_one(("temp", "temporary", "unlogged", "global", "local")):
        pass
    is_made = reader.accept("table") or reader.accept("materialized", "view")
    return last_name(table_name(reader)) if is_made else ""


def _altered(text: str) -> str:
    reader = Reader(text)
    return last_name(table_name(reader)) if reader.accept("alter", "table") else ""


_NAMING = frozenset({"create", "alter", "comment", "drop"})


def _has_long_word(text: str) -> bool:
    """Return whether a name could have more than 63 bytes. A character has at most 4."""
    most = 64 if text.isascii() else 16
    if len(text) < most:
        return False
    return max(map(len, text.split())) >= most or ('"' in text and _quoted().search(text) is not None)


@cache
def _quoted() -> re.Pattern[str]:
    return re.compile('"[^"]{16}')


def _changes_all_rows(text: str) -> bool:
    """Return whether an UPDATE or DELETE has no WHERE outside parentheses."""
    return _usual_where().match(text) is None and "where" not in Reader(text).top_level()


@cache
def _usual_where() -> re.Pattern[str]:
    """Return the pattern for a statement up to its WHERE, if no parenthesis and no comment is before it."""
    others = r"""[^'"()wW-]*+"""
    return re.compile(
        rf"""(?>{others}(?:(?:'[^']*+'|"[^"]*+"|-(?!-)|\Bw|\bw(?!here\b)){others})*)\bwhere\b""",
        re.IGNORECASE,
    )


def _alters_much(text: str) -> bool:
    lower = text.lower()
    return any(sign in lower for sign in _SIGNS)


_SIGNS = (
    *(
        "null",
        "references",
        "foreign",
        "check",
        "unique",
        "primary",
        "exclude",
        "serial",
        "generated",
        "random",
    ),
    *("uuid", "_timestamp", "timeofday", "nextval", "gen_", "type", "rename", "drop", "attach", "validate"),
    *("logged", "tablespace", "access", "cascade"),
)
"""Words without which no rule finds anything in an ALTER."""

_SUSPECTS: Mapping[str, Callable[[str], bool]] = {
    "alter": _alters_much,
    "create": lambda text: "references" in text.lower(),
    "update": _changes_all_rows,
    "delete": _changes_all_rows,
    "drop": lambda text: "cascade" in text.lower() or "table" in text.lower(),
    "set": lambda text: not Reader(text).accept("set", "local"),
    "select": lambda text: "set_config" in text.lower(),
}
"""For some verbs: whether a statement could have a finding."""
