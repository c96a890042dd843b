"""Find the paths into JSON values that SQL text names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from koonj.sql.literals import string_value
from koonj.sql.tokens import Token, TokenKind, significant

_STEPS = frozenset({"->", "->>"})
_PATHS = frozenset({"#>", "#>>", "#-"})
_WRITES_PATHS = frozenset({"jsonb_set", "jsonb_set_lax", "jsonb_insert"})
_BUILDS = frozenset({"jsonb_build_object"})
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


def json_keys(texts: Iterable[str]) -> tuple[Path, ...]:
    """Return paths of one key that statements write into JSON values, or remove from them."""
    found = dict.fromkeys((key,) for text in texts for key in _keys(list(significant(text))))
    return tuple(found)[:_MOST]


def _keys(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield keys of ``jsonb_set(a, '{k}', …)``, ``a #- '{k}'``, ``a - 'k'``, ``a || '{"k": 1}'``.

    Also of ``a || jsonb_build_object('k', …)``.
    """
    function = ""
    for at, token in enumerate(tokens):
        before = tokens[at - 1].text if at else ""
        if token.kind is TokenKind.WORD and at + 1 < len(tokens) and tokens[at + 1].text == "(":
            function = token.text.lower()
            if function in _BUILDS and before == "||":
                yield from _built_keys(tokens[at + 1 :])
        if token.kind is not TokenKind.STRING:
            continue
        value = string_value(token.text)
        if token.text.startswith("$"):
            yield from _keys(list(significant(value)))
        elif before == "||":
            yield from _keys_of(value)
        elif before == "-":
            yield value
        elif before == "#-" or function in _WRITES_PATHS:
            yield from re.findall(r"^\{\s*([^{}\",]+?)\s*\}$", value)


def _built_keys(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the constants among the first, third, … arguments. `tokens`: from the parenthesis."""
    depth = commas = 0
    for at, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            return
        commas += depth == 1 and token.text == ","
        if (
            depth == 1
            and commas % 2 == 0
            and token.kind is TokenKind.STRING
            and tokens[at - 1].text in {"(", ","}
        ):
            yield string_value(token.text)


def _keys_of(text: str) -> Iterable[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return ()
    return found if isinstance(found, dict) else ()


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
