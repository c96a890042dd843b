"""Find numbers that a factor changes for good: multiplied and divided, they are rounded to another number."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache

_MOST = 1000
"""Numbers that are tried, as multiples of the smallest fraction."""


def rounded_numbers(scale: int, factors: tuple[Fraction, ...]) -> tuple[str, ...]:
    """Return numbers with `scale` decimals that ``x * f / f`` or ``x / f * f`` does not give back."""
    found = (one for factor in factors for one in _changed(factor, whole=scale == 0))
    return tuple(_decimal(one, scale) for one in dict.fromkeys(found))


def rounded_floats(name: str, factors: tuple[Fraction, ...]) -> tuple[str, ...]:
    """The same for the types float4 and float8."""
    stored = _single if name == "float4" else float
    found = (one for factor in factors for one in _changed_floats(float(factor), stored))
    return tuple(repr(one) for one in dict.fromkeys(found))


@cache
def _changed(factor: Fraction, *, whole: bool) -> tuple[int, ...]:
    """Return for each direction the smallest number that changes.

    `whole`: also if a division drops the remainder.
    """
    up, down = factor.numerator, factor.denominator
    ways = [(one, rounded) for rounded in (_nearest, _cut)[: 1 + whole] for one in ((up, down), (down, up))]
    found = (
        next((n for n in range(1, _MOST) if rounded(rounded(n * a, b) * b, a) != n), None)
        for (a, b), rounded in ways
    )
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _nearest(number: int, divisor: int) -> int:
    """Divide positive numbers as numeric does."""
    return (2 * number + divisor) // (2 * divisor)


def _cut(number: int, divisor: int) -> int:
    """Divide positive numbers as integer types do."""
    return number // divisor


def _changed_floats(factor: float, stored: Callable[[float], float]) -> Iterator[float]:
    for there, back in ((factor, 1.0), (1.0, factor)):
        for n in range(1, _MOST):
            value = stored(n / 100)
            if stored(stored(value * there / back) / there * back) != value:
                yield n / 100
                break


def _single(value: float) -> float:
    """Return the nearest number that the type float4 holds."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _decimal(number: int, scale: int) -> str:
    return f"{number // 10**scale}.{number % 10**scale:0{scale}d}" if scale > 0 else f"{number}"
