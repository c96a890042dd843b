"""Find the texts in which a name could be, without reading their statements."""

from __future__ import annotations

import re

_FEW = 8
"""Number of names up to which each is searched by itself."""
_WORD = re.compile(r"\w+")


def mentions(text: str, names: frozenset[str]) -> bool:
    """Return whether a text in lower case contains one of the names, which are in lower case."""
    if len(names) <= _FEW:
        return any(name in text for name in names)
    words = _WORD.findall(text)
    return not names.isdisjoint(words) or any(name in text for name in names if _WORD.fullmatch(name) is None)
