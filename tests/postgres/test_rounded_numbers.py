"""Test finding numbers that are rounded to other numbers when they are multiplied and divided."""

from __future__ import annotations

from fractions import Fraction

import psycopg
import pytest

from koonj.postgres.made_rows.rounding import rounded_floats, rounded_numbers

TYPES = {"numeric(10,2)": "", "real": "float4", "double precision": "float8"}
FACTORS = ("0.19", "1.07", "0.3", "2.20462")


@pytest.mark.parametrize("type_name", TYPES)
def test_server_gives_another_number_back(type_name: str, database: str) -> None:
    with psycopg.connect(database) as connection:
        for factor in FACTORS:
            name, factors = TYPES[type_name], (Fraction(factor),)
            numbers = rounded_floats(name, factors) if name else rounded_numbers(2, factors)
            assert numbers
            for number in numbers:
                there, back = (
                    f"(({number}::{type_name} {one} {factor})::{type_name} {other} {factor})::{type_name}"
                    for one, other in ("*/", "/*")
                )
                text = f"SELECT {number}::{type_name} = ALL (ARRAY[{there}, {back}])"
                row = connection.execute(text.encode()).fetchone()
                assert row == (False,), (factor, number)


def test_whole_numbers_also_show_a_division_that_drops_the_remainder() -> None:
    assert rounded_numbers(0, (Fraction(60),)) == ("1",)


def test_no_factors_give_no_numbers() -> None:
    assert rounded_numbers(2, ()) == ()
    assert rounded_floats("float8", ()) == ()
