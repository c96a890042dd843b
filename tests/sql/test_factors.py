"""Test finding the numbers by which SQL text multiplies or divides."""

from __future__ import annotations

from fractions import Fraction

import pytest

from koonj.sql.factors import factors


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("UPDATE a SET x = x * 0.19", ["0.19"]),
        ("UPDATE a SET x = x / .5", ["0.5"]),
        ("UPDATE a SET x = 100 * x", ["100"]),
        ("UPDATE a SET x = x * 9 / 5.0 + 32", ["9/5", "9", "5"]),
        ("UPDATE a SET x = x * (1 - 0.05)", ["0.95"]),
        ("DO $$ BEGIN EXECUTE 'UPDATE a SET x = x * 3'; END $$", ["3"]),
        ("UPDATE a SET x = x * 1, y = y * 0", []),
        ("SELECT 5, 7", []),
        (f"SELECT x * 1{40 * chr(48)}", []),
    ],
)
def test_factors(text: str, found: list[str]) -> None:
    assert set(map(Fraction, found)) <= set(factors([text]))
    assert bool(found) is bool(factors([text]))


def test_at_most_eight_factors() -> None:
    assert len(factors([f"SELECT x * {n}" for n in range(2, 40)])) == 8
