"""Find the paths into JSON values that SQL text names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from koonj.sql.literals import string_value
from koonj.sql.tokens import Token, TokenKind, significant

_STEPS = frozenset({"->", "->>"})
_PATHS = frozenset({"#>", "#>>", "#-"})
_MOST = 6
"""Maximum number of paths."""

Path = tuple[str, ...]


def json_paths(texts: Iterable[str]) -> tuple[Path, ...]:
    """Return paths of more than one key: ``'{a,b}'``, ``-> 'a' ->> 'b'``, ``['a']['b']``, ``'$.a.b'``.

    Not ``'{a,b}'`` in any place: only after an operator for paths, or as an argument of a JSON function.
    """
    found = dict.fromkeys(path for text in texts for path in _paths(list(significant(text))) if len(path) > 1)
    starts = {path[:many] for path in found for many in range(len(path))}
    return tuple(path for path in found if path not in starts)[:_MOST]


def _paths(tokens: Sequence[Token]) -> Iterator[Path]:
    chain: Path = ()
    function = ""
    for at, token in enumerate(tokens):
        if token.kind is TokenKind.WORD and at + 1 < len(tokens) and tokens[at + 1].text == "(":
            function = token.text.lower()
        if token.kind is not TokenKind.STRING:
            continue
        value = string_value(token.text)
        before = tokens[at - 1].text if at else ""
        if token.text.startswith("$"):
            yield from _paths(list(significant(value)))
        elif before in _STEPS or (before == "[" and at + 1 < len(tokens) and tokens[at + 1].text == "]"):
            chain = (*chain, value) if _continues(tokens, at) else (value,)
            yield chain
        elif found := re.match(r"\$((?:\.\w+\b(?!\())+)", value):
            yield tuple(found[1][1:].split("."))
        elif re.fullmatch(r"\{[^{}\"]+\}", value) and (before in _PATHS or function.startswith("json")):
            yield _without_numbers(value[1:-1].split(","))
        elif "extract_path" in function and before == ",":
            chain = (*chain, value) if at > 1 and tokens[at - 2].kind is TokenKind.STRING else (value,)
            yield chain


def _continues(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the step before this one is a key, too: ``-> 'a' -> 'b'``, ``['a']['b']``."""
    last = at - 2 if tokens[at - 1].text in _STEPS else at - 3
    return last > 0 and tokens[last].kind is TokenKind.STRING and tokens[last - 1].text in {*_STEPS, "["}


def _without_numbers(parts: Iterable[str]) -> Path:
    """Return the keys before the first index of an array."""
    keys: list[str] = []
    for part in parts:
        if part.strip().lstrip("-").isdigit():
            break
        keys.append(part.strip())
    return tuple(keys)
