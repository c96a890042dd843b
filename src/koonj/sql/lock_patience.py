"""Recognize statements that decide themselves how long they wait for a lock."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from koonj.sql.parameter_change import changed_parameters
from koonj.sql.reader import folded
from koonj.sql.strings import content
from koonj.sql.tokens import Token, TokenKind, significant

LOCK_TIMEOUT = "lock_timeout"
_NOWAIT = "nowait"
_AFTER_NOWAIT = frozenset({"", ";", ")", "for", "limit", "offset", "fetch", "loop"})
"""What can follow it in LOCK TABLE or FOR UPDATE. A column of that name is followed by something else."""


def sets_lock_timeout(text: str) -> bool:
    """Return whether a statement sets lock_timeout of its own session or transaction.

    A comment, a text or a column with that name does not, nor does a setting of a role, a database or a
    function. A function's body sets it only when it is called, so only the body of a DO counts.
    """
    if LOCK_TIMEOUT not in text.lower():
        return False
    return any(LOCK_TIMEOUT in changed_parameters(run) or _updates_setting(run) for run in _executed(text))


def says_nowait(text: str) -> bool:
    """Return whether a statement says NOWAIT: LOCK TABLE … NOWAIT, SELECT … FOR UPDATE NOWAIT."""
    if _NOWAIT not in text.lower():
        return False
    return any(_has_nowait([*map(folded, run), ""]) for run in _executed(text))


def _has_nowait(words: Sequence[str]) -> bool:
    return any(word == _NOWAIT and after in _AFTER_NOWAIT for word, after in pairwise(words))


def _updates_setting(tokens: Sequence[Token]) -> bool:
    """Return whether it is ``UPDATE pg_settings SET setting = … WHERE name = 'lock_timeout'``."""
    words = [content(folded(token)) for token in tokens]
    if words[1:3] == ["pg_catalog", "."]:
        del words[1:3]
    return words[:2] == ["update", "pg_settings"] and LOCK_TIMEOUT in words


def _executed(text: str) -> Iterator[list[Token]]:
    """Yield the tokens that run: of the text, of the body of each DO, and of the strings of its EXECUTE."""
    for statement in _statements(list(significant(text))):
        first = folded(statement[0])
        if first == "create":
            continue
        yield statement
        if first == "do":
            for string in statement:
                if string.kind is TokenKind.STRING:
                    yield from _of_body(content(string.text))


def _of_body(body: str) -> Iterator[list[Token]]:
    tokens = list(significant(body))
    yield tokens
    executes = False
    for token in tokens:
        word = folded(token)
        executes = word == "execute" or (executes and word != ";")
        if executes and token.kind is TokenKind.STRING:
            yield from _executed(content(token.text))


def _statements(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the statements of a text: psql's ``\\;`` sends several in one."""
    statement: list[Token] = []
    for token in tokens:
        if token.text == ";":
            if statement:
                yield statement
            statement = []
        else:
            statement.append(token)
    if statement:
        yield statement
