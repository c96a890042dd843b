"""Recognize the migration files that surely have no problems, without parsing them.

Most files of a large folder are plain: usual statements in one transaction, and such a rollback. To find no
problem in them, two regular expressions need a fifth of the parser's time.
"""

import re
from functools import cache

from koonj.sql.control import TransactionControl
from koonj.sql.effect import NO_EFFECT, Effect, effect_of
from koonj.sql.lexer import rules
from koonj.sql.lexer.first_words import WATCHED
from koonj.sql.markers import candidate
from koonj.sql.other_tools import other_tool

_BEGIN, _COMMIT = Effect(TransactionControl.BEGIN), Effect(TransactionControl.COMMIT)
_UNUSUAL = ("\r", "\0", "<<<<<<<", ">>>>>>>")
"""Texts that a plain file does not contain, not even in a comment or a string."""


def plain_statements(text: str) -> tuple[str, ...]:
    """Return the statements of a file's body if the text is so plain that it has no problems.

    Empty says nothing: parse the file then.
    """
    if any(unusual in text for unusual in _UNUSUAL):
        return ()
    marks = candidate(blocks=False).finditer(text)
    mark = next(marks, None)
    if mark is None or mark["word"].lower() != "rollback" or next(marks, None) is not None:
        return ()
    start, end = mark.span()
    if text[start - 1 : start] != "\n" or _comments().fullmatch(text, end) is None:
        return ()
    rollback = _prefix().sub("\n", text[end:])
    body = _plain_script(text[:start])
    return body if body and _plain_script(rollback) and other_tool(text) is None else ()


def _plain_script(text: str) -> tuple[str, ...]:
    """Return the statements of a script if all are usual, and in one transaction; else nothing."""
    match, at = rules.usual_statement(WATCHED).match, 0
    statements, effects = [], []
    while found := match(text, at):
        statements.append(found[1])
        effects.append(effect_of(found[1]))
        at = found.end()
    if rules.blanks().fullmatch(text, at) is None:
        return ()
    inside = effects[1:-1] if effects[:1] == [_BEGIN] and effects[-1] == _COMMIT else effects
    return tuple(statements) if inside and all(effect == NO_EFFECT for effect in inside) else ()


@cache
def _comments() -> re.Pattern[str]:
    """Return the pattern of a rollback after its colon, if it has only comments, from the next line on."""
    return re.compile(r"[ \t]*+(?:\n(?:--[^\n]*+)?)*")


@cache
def _prefix() -> re.Pattern[str]:
    """Return the pattern for a line end and the comment prefix of the next line."""
    return re.compile(r"\n-- ?")
