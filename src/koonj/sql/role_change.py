"""Recognize statements that can change the role that runs the next ones."""

from collections.abc import Sequence

from koonj.sql.reader import folded
from koonj.sql.strings import content
from koonj.sql.tokens import TokenKind, significant

_SIGNS = ("role", "authorization")
_BEFORE_STATEMENT = frozenset({"", ";", "begin", "then", "else", "loop"})
"""What precedes a statement, in PL/pgSQL too. In UPDATE t SET role = 'a', SET names a column."""


def changes_role(text: str) -> bool:
    """Return whether a text has SET ROLE, SET SESSION AUTHORIZATION, their RESET, or set_config('role', …).

    Also if it has it in a string: the body of a DO or of a function, or the text of an EXECUTE.
    """
    if not any(sign in text.lower() for sign in _SIGNS):
        return False
    tokens = list(significant(text))
    strings = (content(token.text) for token in tokens if token.kind is TokenKind.STRING)
    words = ["", *map(folded, tokens), "", "", ""]
    places = range(1, len(tokens) + 1)
    return any(_is_change(words, place) for place in places) or any(map(changes_role, strings))


def _is_change(words: Sequence[str], place: int) -> bool:
    """Return whether a statement or a call begins at `place` that changes the role."""
    first, second, third = words[place : place + 3]
    if first == "set_config":
        return second == "(" and content(third).lower() in {"role", "session_authorization"}
    if first not in {"set", "reset"} or words[place - 1] not in _BEFORE_STATEMENT:
        return False
    return (third if second in {"local", "session"} else second) in {"role", "authorization"}
