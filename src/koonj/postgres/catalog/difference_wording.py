"""Describe a difference between two catalogs in one line."""

from __future__ import annotations

import re

from koonj.postgres.catalog.catalog import Difference

_LONG = 70
"""Longest part of a definition, in characters, that a line shows."""

_PROSE = ("comment", "security label")
_WORD = re.compile(r"'(?:[^']|'')*'\S*|\S+")
_LABELS = ("DEFAULT", "STATISTICS", "STORAGE", "COLLATE", "COMPRESSION")
"""Words in a column's definition that introduce the next word."""


def describe(difference: Difference) -> str:
    """Return for example ``index public.a_idx is not removed``.

    Or, for a changed definition: ``column public.a.b: DEFAULT 'x' -> DEFAULT 'y'``.
    """
    subject = f"{difference.kind} {difference.identity}"
    if difference.positions is not None:
        return f"{subject} moved from position {difference.positions[0]} to {difference.positions[1]}"
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
    """Describe the change of a default grant, or return None if it is not one.

    The definition says that the default grant is missing (REVOKE), so the description says the opposite.
    """
    if not (difference.expected or difference.actual or "").startswith("REVOKE"):
        return None
    what = "missing" if difference.expected is None else "not removed"
    return f"default {difference.kind.removeprefix('default ')} {difference.identity} is {what}"


def _delta(before: list[str], after: list[str]) -> tuple[str, str]:
    """Return the words between the common start and the common end."""
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    if start and before[start - 1] in _LABELS:
        start -= 1
    old, new = (" ".join(words[start : len(words) - end]) for words in (before, after))
    return old, new


def _alike(before: list[str], after: list[str]) -> int:
    """Return how many words are equal at the start of both."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((at for at, (old, new) in pairs if old != new), min(len(before), len(after)))
