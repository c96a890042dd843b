"""Variables of psql in a script that a tool gives to psql.

Source: PostgreSQL documentation, psql, SQL Interpolation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from koonj.sql.script import Script
from koonj.sql.tokens import Token, TokenKind, tokens

_MAY_BE = re.compile(r"""(?<!:):["'A-Za-z_]""")
_NAMES = frozenset({TokenKind.WORD, TokenKind.QUOTED, TokenKind.STRING})


@dataclass(frozen=True, slots=True)
class PsqlVariable:
    """The first variable of a script."""

    written: str
    """As it stands there: ``:'name'``."""
    line: int
    """Line of its statement."""


def psql_variable(text: str) -> PsqlVariable | None:
    """Return the first variable; None if there is none. ``a[1:n]`` is a slice, ``::`` a cast."""
    if _MAY_BE.search(text) is None:
        return None
    for statement in Script.of_body(text).statements:
        written = _first(list(tokens(statement.text)))
        if written:
            return PsqlVariable(written, statement.line)
    return None


def _first(found: list[Token]) -> str:
    brackets = 0
    for colon, name in pairwise(found):
        brackets += (colon.text == "[") - (colon.text == "]")
        is_word = name.kind is TokenKind.WORD
        if colon.text == ":" and name.kind in _NAMES and not (is_word and brackets):
            return f":{name.text}"
    return ""
