"""Find the numbers by which SQL text multiplies or divides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise

_MOST = 8
"""Maximum number of factors."""
_LARGEST = Fraction(10**12)
_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"
_FACTOR = re.compile(rf"[*/%]\s*\(?\s*{_NUMBER}|{_NUMBER}(?:::\w+)?\s*\)?\s*[*/%]")
_SUM = re.compile(rf"\(\s*{_NUMBER}(?:::\w+)?\s*([+-])\s*{_NUMBER}(?:::\w+)?\s*\)")


def factors(texts: Iterable[str]) -> tuple[Fraction, ...]:
    """Return the factors without duplicates: numbers, ``(1 - 0.1)``, and quotients of neighbours.

    Also those in strings and in the bodies of functions.
    """
    found = dict.fromkeys(factor for text in texts for factor in _in_text(text))
    usual = (factor for factor in found if 1 / _LARGEST < factor < _LARGEST and factor != 1)
    return tuple(usual)[:_MOST]


def _in_text(text: str) -> Iterator[Fraction]:
    for found in _SUM.finditer(text):
        first, second = Fraction(found[1]), Fraction(found[3])
        yield abs(first + second if found[2] == "+" else first - second)
    for line in re.split(r";|,", text):
        numbers = [Fraction(found[1] or found[2]) for found in _FACTOR.finditer(line)]
        for one, other in pairwise(numbers):
            if other:
                yield one / other
        yield from numbers
