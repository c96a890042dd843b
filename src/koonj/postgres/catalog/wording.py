"""A difference of two catalogs in one line for people."""

from __future__ import annotations

import re

from koonj.postgres.catalog.values import Difference

_LONG = 70
"""Characters of a definition that a line shows of each side."""

_PROSE = ("comment", "security label")
_WORD = re.compile(r"'(?:[^']|'')*'\S*|\S+")
_LABELS = ("DEFAULT", "STATISTICS", "STORAGE", "COLLATE", "COMPRESSION")
"""Words of a column's definition that say what the next is."""


def describe(difference: Difference) -> str:
    """``index public.a_idx is left over``, ``column public.a.b: DEFAULT 'x' -> DEFAULT 'y'``, …"""
    subject = f"{difference.kind} {difference.identity}"
    if difference.positions is not None:
        return f"{subject} is moved: place {difference.positions[0]} -> {difference.positions[1]}"
    if difference.expected is None or difference.actual is None or difference.order_only:
        return _revoked(difference) or f"{subject} is {difference.what}"
    if difference.kind in _PROSE:
        before, after = f"“{difference.expected}”", f"“{difference.actual}”"
    else:
        before, after = _delta(_WORD.findall(difference.expected), _WORD.findall(difference.actual))
    if not (before or after) or max(len(before), len(after)) > _LONG or "\n" in before + after:
        return f"{subject} is changed"
    if not (before and after):
        return f"{subject}: {'+ ' + after if after else '- ' + before}"
    return f"{subject}: {before} -> {after}"


def _revoked(difference: Difference) -> str | None:
    """Of a grant that is there by default, whose definition says that it is not: said the other way round."""
    if not (difference.expected or difference.actual or "").startswith("REVOKE"):
        return None
    what = "missing" if difference.expected is None else "left over"
    return f"default {difference.kind.removeprefix('default ')} {difference.identity} is {what}"


def _delta(before: list[str], after: list[str]) -> tuple[str, str]:
    """What is between the words that both begin and end with."""
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    if start and before[start - 1] in _LABELS:
        start -= 1
    old, new = (" ".join(words[start : len(words) - end]) for words in (before, after))
    return old, new


def _alike(before: list[str], after: list[str]) -> int:
    """How many words both begin with."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((at for at, (old, new) in pairs if old != new), min(len(before), len(after)))
