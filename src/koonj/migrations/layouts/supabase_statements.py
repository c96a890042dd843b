"""Split the text of a migration into the statements that the Supabase CLI sends and records.

Its rules are not those of PostgreSQL: a backslash outside of quotes escapes a character, one inside of E''
does not, and after BEGIN ATOMIC or a parenthesis semicolons count again at the first END or closing one.

Source: what 2.117.0 recorded of random texts. Versions whose parser is in Go (supabase/cli 1d1e719,
pkg/parser) take every word ATOMIC for BEGIN ATOMIC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from koonj.sql.script import Script

SPACE = "\t\n\v\f\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""White space, as in JavaScript; for a class of a regular expression."""
_TOKEN = re.compile(
    r"""--[^\n]*\n?|/\*|'[^']*'?|"[^"]*"?|\$\w*\$?|\\(?:[^)e]|(?=[)e]))|;|\(|\)|atomic|end""",
    re.IGNORECASE | re.DOTALL,
)
_CLOSER = {"(": ")", "atomic": "end"}
_BEGIN = re.compile(rf"(?<![\w$])begin[{SPACE}]+\Z", re.IGNORECASE)
_BLOCK = re.compile(r"(?=(/\*|\*/))")
_CUT_BEFORE = re.compile(f"[{SPACE}]*")
_CUT_AFTER = re.compile(f"[{SPACE}]*\\Z")


def supabase_statements(text: str) -> tuple[str, ...]:
    """Return the statements: without white space around them and semicolons after them, with comments.

    Empty ones are left out.
    """
    return tuple(filter(None, (_trimmed(text[start:end]) for start, end in _tokens(text))))


def is_split_as_by_postgres(text: str, script: Script) -> bool:
    """Return whether each of the tool's statements has at most one of the script, and a whole one."""
    tokens = list(_tokens(text))
    place = 0
    for statement in script.statements:
        while place < len(tokens) and tokens[place][1] <= statement.start:
            place += 1
        if place == len(tokens) or statement.end > tokens[place][1]:
            return False
        place += 1
    return True


def _trimmed(token: str) -> str:
    token = token.rstrip(";")
    token = _CUT_AFTER.sub("", token)
    found = _CUT_BEFORE.match(token)
    return token[found.end() :] if found else token


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each statement starts and ends, with its semicolon."""
    start = place = 0
    closers: list[str] = []
    while found := _TOKEN.search(text, place):
        word, place = found[0].lower(), _after(text, found)
        if word == ";" and not closers:
            yield start, place
            start = place
        elif word == "(" or (word == "atomic" and _BEGIN.search(text[start : found.start()])):
            closers.append(_CLOSER[word])
        while closers and closers[-1] == word:  # the tool closes all of them at once
            closers.pop()
    if start < len(text):
        yield start, len(text)


def _after(text: str, found: re.Match[str]) -> int:
    """Return the place after what was found: a comment or a quoted text as a whole."""
    if found[0] == "/*":
        return _after_block(text, found.start())
    if len(found[0]) > 1 and found[0].startswith("$") and found[0].endswith("$"):
        end = text.find(found[0], found.end() - 1)  # its last $ can be the first of the closing one
        return len(text) if end < 0 else end + len(found[0])
    return found.end()


def _after_block(text: str, place: int) -> int:
    """Return the place after a comment that starts at `place`; comments can be nested."""
    depth = 0
    for found in _BLOCK.finditer(text, place):
        depth += 1 if found[1] == "/*" else -1
        if depth == 0:
            return found.start() + 2
    return len(text)
