"""Tests for the comparison of types."""

import pytest

from koonj.sql.type_names import holds_all

WIDER = [
    ("integer", "bigint"),
    ("smallint", "numeric"),
    ("integer", "numeric(12,2)"),
    ("integer", "double precision"),
    ("real", "double precision"),
    ("numeric(10,2)", "numeric(12,2)"),
    ("numeric(10,2)", "numeric(12,4)"),
    ("numeric(10,2)", "numeric"),
    ("character varying(50)", "character varying(200)"),
    ("character varying(50)", "character varying"),
    ("character varying(50)", "text"),
    ("character(5)", "character varying(5)"),
    ("integer", "text"),
    ("uuid", "text"),
    ("integer[]", "bigint[]"),
    ("integer[]", "text"),
    ("date", "timestamp without time zone"),
    ("timestamp(3) without time zone", "timestamp(6) without time zone"),
    ("timestamp(3) with time zone", "timestamp with time zone"),
    ("cidr", "inet"),
    ("jsonb", "json"),
    ("public.status", "text"),
    ("text", "text"),
]
NARROWER = [
    ("bigint", "integer"),
    ("integer", "numeric(5,2)"),
    ("bigint", "double precision"),
    ("numeric", "double precision"),
    ("double precision", "real"),
    ("numeric(10,2)", "numeric(10,4)"),
    ("numeric(10,2)", "numeric(8,2)"),
    ("numeric", "numeric(10,2)"),
    ("text", "character varying(50)"),
    ("character varying(200)", "character varying(50)"),
    ("text", "integer"),
    ("integer", "character varying(3)"),
    ("text", "text[]"),
    ("timestamp without time zone", "date"),
    ("timestamp without time zone", "timestamp(0) without time zone"),
    ("timestamp with time zone", "timestamp without time zone"),
    ("inet", "cidr"),
    ("json", "jsonb"),
    ("public.status", "public.other"),
    ("text", "public.status"),
]


@pytest.mark.parametrize(("before", "after"), WIDER)
def test_wider_type_holds_all_values(before: str, after: str) -> None:
    assert holds_all(before, after)


@pytest.mark.parametrize(("before", "after"), NARROWER)
def test_narrower_or_unknown_type_does_not_hold_all_values(before: str, after: str) -> None:
    assert not holds_all(before, after)
