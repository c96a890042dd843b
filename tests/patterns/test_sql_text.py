"""Tests for types, expressions and index keys that a user enters."""

import pytest

from koonj.patterns.names import RefusedError
from koonj.patterns.sql_text import data_type, expression, keys, name_of_key


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "'active'",
            "now()",
            "-1",
            "+ 1.5",
            "a.b()",
            "ARRAY[]::text[]",
            "'{}'::jsonb",
            "'x'::varchar(10)",
            "null",
        ),
        *(
            "E'\\n'",
            "$$x;$$",
            "'x'::timestamp(3) with time zone",
            "1.5::double precision",
            "(1 + 1)",
            "U&'\\0041'",
        ),
        *(
            "current_timestamp(3)",
            "app.next('a', (1))::int",
            "coalesce(NULL, ';')",
            '"Schema"."f"()',
            "x::int::text",
        ),
    ],
)
def test_simple_expression_is_unchanged(typed: str) -> None:
    assert expression(typed) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "1 + 1",
        "interval '1 day'",
        "'a'::text DEFAULT 3",
        "x NOT NULL",
        "(1) OR (2)",
        "a[1 : 2] || b",
        "NOT x",
    ],
)
def test_other_expression_is_put_in_parentheses(typed: str) -> None:
    assert expression(typed) == f"({typed})"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("1, ADD COLUMN x int", "A comma outside"),
        ("1; DROP TABLE t", "A semicolon is not allowed"),
        ("f(1; 2)", "A semicolon is not allowed"),
        ("'x", "not closed"),
        ('"x', "not closed"),
        ("$a$x$$", "not closed"),
        ("1 /* x", "not closed"),
        ("1 -- x", "Comments are not allowed"),
        ("1 /* x */", "Comments are not allowed"),
        ("1) REFERENCES t (id", r"\) has no matching"),
        ("f(1", r"\) is missing"),
        ("f(a[1)]", r"\) has no matching"),
        ("\\q", "A backslash outside quotes"),
        (":HOST", "as a variable"),
        ("x = :'USER'", "as a variable"),
    ],
)
def test_invalid_expression_is_refused(typed: str, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        expression(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "text",
            "varchar(50)",
            "timestamp with time zone",
            "timestamp(3) without time zone",
            "double precision",
        ),
        *("text[]", "int[3][4]", "integer array", "app.mood", '"Mood"', 'text COLLATE "C"', "numeric(10,2)"),
        *("interval day to second(3)", "character varying(10)[]", "national character varying(3)", "état"),
    ],
)
def test_type_is_unchanged(typed: str) -> None:
    assert data_type(typed) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "text NOT NULL",
        "text DEFAULT 1",
        "int, ADD COLUMN x int",
        "text)",
        "1",
        "a b",
        "text; SELECT 1",
        "text --",
    ],
)
def test_invalid_type_is_refused(typed: str) -> None:
    with pytest.raises(RefusedError):
        data_type(typed)


def test_index_keys_are_read() -> None:
    assert keys('a, B, user, lower(email), created_at DESC, "x y" , (a || b)') == (
        *("a", '"B"', '"user"', "lower(email)", "created_at DESC", '"x y"', "(a || b)"),
    )
    names = ("B", "created_at", "x y", "lower", "expr", "expr")
    assert tuple(map(name_of_key, ('"B"', "created_at DESC", '"x y"', "Lower(b)", "(a || b)", ""))) == names


@pytest.mark.parametrize("typed", ["a,,b", "a,", "a) WHERE (b", "a; b", "a -- b"])
def test_invalid_index_keys_are_refused(typed: str) -> None:
    with pytest.raises(RefusedError):
        keys(typed)
