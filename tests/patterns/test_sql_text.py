"""Types, expressions and index keys: accepted only when they stay what they are wherever they are put."""

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
def test_simple_expressions_stay_as_they_are(typed: str) -> None:
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
def test_other_expressions_are_put_in_parentheses(typed: str) -> None:
    assert expression(typed) == f"({typed})"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("1, ADD COLUMN x int", "a comma outside"),
        ("1; DROP TABLE t", "No semicolon"),
        ("f(1; 2)", "No semicolon"),
        ("'x", "not closed"),
        ('"x', "not closed"),
        ("$a$x$$", "not closed"),
        ("1 /* x", "not closed"),
        ("1 -- x", "No comments"),
        ("1 /* x */", "No comments"),
        ("1) REFERENCES t (id", r"\) closes nothing"),
        ("f(1", r"\) is missing"),
        ("f(a[1)]", r"\) closes nothing"),
        ("\\q", "No backslash"),
        (":HOST", "a variable"),
        ("x = :'USER'", "a variable"),
    ],
)
def test_refused_expressions(typed: str, message: str) -> None:
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
def test_types(typed: str) -> None:
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
def test_refused_types(typed: str) -> None:
    with pytest.raises(RefusedError):
        data_type(typed)


def test_keys() -> None:
    assert keys('a, B, user, lower(email), created_at DESC, "x y" , (a || b)') == (
        *("a", '"B"', '"user"', "lower(email)", "created_at DESC", '"x y"', "(a || b)"),
    )
    names = ("B", "created_at", "x y", "lower", "expr", "expr")
    assert tuple(map(name_of_key, ('"B"', "created_at DESC", '"x y"', "Lower(b)", "(a || b)", ""))) == names


@pytest.mark.parametrize("typed", ["a,,b", "a,", "a) WHERE (b", "a; b", "a -- b"])
def test_refused_keys(typed: str) -> None:
    with pytest.raises(RefusedError):
        keys(typed)
