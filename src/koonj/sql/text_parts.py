"""Find the constants that SQL text puts into other texts, removes from them, or looks for in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from koonj.sql.literals import string_value
from koonj.sql.tokens import Token, TokenKind, significant

_MOST = 4
"""Maximum number of parts."""
_LONGEST = 40
"""Maximum length of a part."""
_FUNCTIONS = frozenset(
    {
        *("replace", "regexp_replace", "regexp_substr", "overlay", "translate", "concat", "concat_ws"),
        *("trim", "btrim", "ltrim", "rtrim", "split_part", "substring", "starts_with"),
        *("array_replace", "array_append", "array_prepend", "array_remove", "array_cat", "format"),
        *("string_to_array", "array_to_string", "position", "strpos", "rpad", "lpad", "removeprefix"),
    }
)
"""Functions whose constant arguments are parts of texts or arrays."""
_PATTERNS = frozenset({"regexp_replace", "regexp_substr", "substring"})
"""Those whose second argument is a regular expression."""


def text_parts(texts: Iterable[str]) -> tuple[str, ...]:
    """Return parts of texts, without duplicates: arguments of `replace`, operands of ``||``.

    Of a regular expression, a text that it is likely to match. Also those in DO blocks and functions.
    """
    found = dict.fromkeys(part for text in texts for part in _in_tokens(list(significant(text))))
    return tuple(part for part in found if 0 < len(part) <= _LONGEST)[:_MOST]


def _in_tokens(tokens: Sequence[Token]) -> Iterator[str]:
    calls: list[str] = []
    for at, token in enumerate(tokens):
        before = tokens[at - 1].text if at else ""
        if token.text == "(":
            calls.append(before.lower())
        elif token.text == ")" and calls:
            calls.pop()
        elif token.kind is TokenKind.STRING:
            value = string_value(token.text)
            following = tokens[at + 1].text if at + 1 < len(tokens) else ""
            if token.text.startswith("$") and any(character.isspace() for character in value):
                yield from _in_tokens(list(significant(value)))
            elif "||" in {before, following} or (calls and calls[-1] in _FUNCTIONS):
                pattern = bool(calls) and calls[-1] in _PATTERNS and following != ")"
                yield _example(value) if pattern or before.lower() == "from" else value


def _example(pattern: str) -> str:
    """Return a text that the regular expression is likely to match."""
    text = re.sub(r"\\[mMyYAZ]|^\^|\$$|\(\?[:=!]|[()]", "", pattern)
    text = re.sub(r"\[\^[^\]]*\]", "-", text)
    text = re.sub(r"\[(\[:\w+:\]|\\?.)[^\]]*\]", lambda found: _member(found[1]), text)
    text = re.sub(r"\\([dswDSW])", lambda found: _CLASSES[found[1]], text)
    text = re.sub(r"\\(.)", r"\1", text)
    text = re.sub(r"(.)\{(\d)[^}]*\}", lambda found: found[1] * int(found[2]), text)
    return re.sub(r"(.)([+*?])", lambda found: found[1] * (2 if found[2] == "+" else 1), text).split("|")[0]


def _member(written: str) -> str:
    if written.startswith("[:"):
        return {"[:digit:]": "7", "[:space:]": " ", "[:punct:]": "."}.get(written, "w")
    return _CLASSES.get(written[1], written[1]) if written.startswith("\\") else written


_CLASSES = {"d": "7", "s": " ", "w": "w", "D": "-", "S": "s", "W": "-"}
