"""Which constants an INSERT writes, read from its text."""

from __future__ import annotations

import pytest

from koonj.sql.inserted_constants import COMPUTED, DEFAULT, MOST, Insertion, insertion


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO t VALUES (1, 'a'), (-2, NULL)", Insertion("t", (), (("1", "'a'"), ("-2", "NULL")))),
        ('insert into s."T t" as x ("A", b) values (default, $$q$$);', Insertion("T t", ("A", "b"), ((DEFAULT, "$$q$$"),))),
        ("INSERT INTO t (a) OVERRIDING USER VALUE VALUES (E'x\\n') RETURNING a", Insertion("t", ("a",), (("E'x\\n'",),))),
        ("INSERT INTO t VALUES (1), (true /* x */)", Insertion("t", (), (("1",), ("true",)))),
        ("INSERT INTO t VALUES (1 + 1, 2)", Insertion("t", (), ((COMPUTED, "2"),))),
        ("INSERT INTO t VALUES (1), (f(2, ')'))", Insertion("t", (), (("1",), (COMPUTED,)))),
        ("INSERT INTO t VALUES ('1'::int)", Insertion("t", (), ((COMPUTED,),))),
        ("INSERT INTO t VALUES (ARRAY[1, 2], - 3)", Insertion("t", (), ((COMPUTED, "-3"),))),
        ("INSERT INTO t (SELECT 1)", Insertion("t")),
        ("INSERT INTO t SELECT 1", Insertion("t")),
        ("INSERT INTO t DEFAULT VALUES", Insertion("t")),
        ("INSERT INTO t (a[1]) VALUES (1)", None),
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", Insertion("t", (), (("1",),), on_conflict=True)),
        ("INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2", Insertion("t", (), (("1",),), on_conflict=True)),
        ("UPDATE t SET a = 1", None),
        ("INSERT INTO t VALUES (1", Insertion("t")),
        ("INSERT INTO", Insertion("")),
    ],
)  # fmt: skip
def test_insertion(text: str, expected: Insertion | None) -> None:
    assert insertion(text) == expected


def test_only_so_many_rows_are_read_that_more_can_be_seen() -> None:
    for number in (MOST, MOST + 1, MOST + 2):
        text = f"INSERT INTO t VALUES {', '.join(['(1)'] * number)} ON CONFLICT DO NOTHING"
        expected = Insertion("t", (), (("1",),) * min(number, MOST + 1), on_conflict=True)
        assert insertion(text) == expected
