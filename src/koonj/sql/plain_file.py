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


def is_plain(text: str) -> bool:
    """Return whether a file's text is so plain that it has no problems.

    False says nothing: parse the file then.
    """
    if any(unusual in text for unusual in _UNUSUAL):
        return False
    marks = candidate(blocks=False).finditer(text)
    mark = next(marks, None)
    if mark is None or mark["word"].lower() != "rollback" or next(marks, None) is not None:
        return False
    start, end = mark.span()
    if text[start - 1 : start] != "\n" or _comments().fullmatch(text, end) is None:
        return False
    rollback = _prefix().sub("\n", text[end:])
    return _is_plain_script(text[:start]) and _is_plain_script(rollback) and other_tool(text) is None


def _is_plain_script(text: str) -> bool:
    """Return whether a script consists of usual statements, all in one transaction."""
    match, at, effects = rules.usual_statement(WATCHED).match, 0, []
    while found := match(text, at):
        effects.append(effect_of(found[1]))
        at = found.end()
    if rules.blanks().fullmatch(text, at) is None:
        return False
    inside = effects[1:-1] if effects[:1] == [_BEGIN] and effects[-1] == _COMMIT else effects
    return bool(inside) and all(effect == NO_EFFECT for effect in inside)


@cache
def _comments() -> re.Pattern[str]:
    """Return the pattern of a rollback after its colon, if it has only comments, from the next line on."""
    return re.compile(r"[ \t]*(?:\n(?:--[^\n]*+)?+)*+")


@cache
def _prefix() -> re.Pattern[str]:
    """Return the pattern for a line end and the comment prefix of the next line."""
    return re.compile(r"\n-- ?")
