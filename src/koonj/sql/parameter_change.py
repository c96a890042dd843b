"""Recognize which parameter of the session SET, RESET or set_config() changes."""

from collections.abc import Iterator, Sequence

from koonj.sql.reader import folded
from koonj.sql.strings import content
from koonj.sql.tokens import Token, TokenKind

_BEFORE_STATEMENT = frozenset({"", ";", "begin", "then", "else", "loop", ">>"})
"""What precedes a statement, in PL/pgSQL too.

In ``UPDATE t SET role = 'a'``, SET names a column. In ``ALTER ROLE a SET …``, ``ALTER SYSTEM SET …`` and
``CREATE FUNCTION … SET …``, the parameter of this session stays.
"""
_SCOPES = frozenset({"local", "session"})


def changed_parameters(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the parameters in lower case: ``lock_timeout``; for SET SESSION AUTHORIZATION, ``authorization``.

    `tokens`: the significant tokens of one or more statements. Their strings are not read.
    """
    words = ["", *map(folded, tokens), "", "", ""]
    for place in range(1, len(tokens) + 1):
        first, second, third = words[place : place + 3]
        if content(first) == "set_config":
            if second == "(" and tokens[place + 1 : place + 2] and _is_string(tokens[place + 1]):
                yield content(third).lower()
        elif first in {"set", "reset"} and words[place - 1] in _BEFORE_STATEMENT:
            yield content(third if second in _SCOPES else second).lower()


def _is_string(token: Token) -> bool:
    return token.kind is TokenKind.STRING
