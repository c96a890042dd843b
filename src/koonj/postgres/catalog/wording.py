"""A difference of two catalogs in one line for people."""

from __future__ import annotations

import re

from koonj.postgres.catalog.values import Difference

_LONG = 60
"""Characters of a definition that a line shows of each side."""

_TOKEN = re.compile(r"'(?:[^']|'')*'(?:::[\w\" ]+?(?=$| NOT | DEFAULT ))?|\S+")


def describe(difference: Difference) -> str:
    """``index public.a_idx is left over``, ``column public.a.b: DEFAULT 'x' -> 'y'``, …"""
    subject = f"{difference.kind} {difference.identity}"
    if difference.places is not None:
        return f"{subject}: place {difference.places[0]} -> {difference.places[1]}"
    if difference.before is None or difference.after is None or difference.order_only:
        return f"{subject} is {difference.what}"
    before, after = _delta(_words(difference.before), _words(difference.after))
    if not before:
        return f"{subject}: + {after}"
    if not after:
        return f"{subject}: - {before}"
    if len(before) > _LONG or len(after) > _LONG:
        return f"{subject} is changed"
    return f"{subject}: {before} -> {after}"


def _words(definition: str) -> list[str]:
    return _TOKEN.findall(definition)


def _delta(before: list[str], after: list[str]) -> tuple[str, str]:
    """What is between the words that both begin and end with; with a keyword that says what a value is of."""
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    lead = before[start - 1] if start > 0 and before[start - 1].isupper() else ""
    old, new = (" ".join(words[start : len(words) - end]) for words in (before, after))
    return (f"{lead} {old}" if lead and old and new else old), new


def _alike(before: list[str], after: list[str]) -> int:
    """How many words both begin with."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((at for at, (old, new) in pairs if old != new), min(len(before), len(after)))
