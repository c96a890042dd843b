"""Tests for the formatter: formatted SQL has the same meaning."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from koonj.sql.format import pretty
from koonj.sql.reader import folded
from koonj.sql.script import Script
from koonj.sql.tokens import TokenKind, significant, tokens

SPLIT = sorted((Path(__file__).parent / "data" / "split").glob("*.sql"))


@pytest.mark.parametrize(
    ("sql", "tidy"),
    [
        ("create table if not exists t (id int primary key);", "CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY);"),
        (
            "alter table t\n    add column   key text,\n    drop column if exists type;",
            "ALTER TABLE t\n    ADD COLUMN   key text,\n    DROP COLUMN IF EXISTS type;",
        ),
        ("-- select\ninsert into roles (name, key) values ('select', 1);", "-- select\nINSERT INTO roles (name, key) VALUES ('select', 1);"),
        ("select type, key from roles where name = 'x'", "SELECT type, key FROM roles WHERE name = 'x'"),
        ("begin; /* a */ commit ;\n\n", "BEGIN; /* a */ COMMIT ;\n\n"),
        ("do $$ begin perform 1; end $$;", "DO $$ begin perform 1; end $$;"),
        ("copy t from stdin;\nselect\tfrom\n\\.\nselect 1;", "COPY t FROM stdin;\nselect\tfrom\n\\.\nSELECT 1;"),
        ("set a = on; set b to 'x';", "SET a = on; SET b TO 'x';"),
        ("", ""),
    ],
)  # fmt: skip
def test_keywords_become_upper_case_and_the_rest_is_unchanged(sql: str, tidy: str) -> None:
    assert pretty(sql) == tidy


def test_a_long_query_is_broken_into_lines() -> None:
    sql = "select d.id, d.title from documents d join users u on u.id = d.owner where d.status = 'active' and u.name = 'x';"
    assert pretty(sql).splitlines() == [
        "SELECT d.id,",
        "       d.title",
        "FROM documents d",
        "JOIN users u ON u.id = d.owner",
        "WHERE d.status = 'active'",
        "  AND u.name = 'x';",
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "select 'unfinished",
        "select (1;",
        r"select 'a\', 'b -- c', '\';",
        "\\echo x\n",
        "select 1 \\; select 2;",
        f"insert into t values {', '.join(['(1, 2, 3)'] * 4000)};",
        f"select 1; -- {'x' * 200_000}",
    ],
)
def test_sql_that_cannot_be_formatted_keeps_its_meaning(sql: str) -> None:
    same(sql, pretty(sql))


@pytest.mark.parametrize("path", SPLIT, ids=lambda path: path.name)
def test_psql_corner_cases_keep_their_meaning(path: Path) -> None:
    text = path.read_bytes().decode()
    same(text, pretty(text))


PIECES = ["select", "from", "a", " ", "\n", "'x'", "'", "$$", "/*", "*/", "--", ";", "(", ")", "begin", "case", "end", "\\", "#",
          "AT TIME ZONE 'Europe/Moscow'", "create table", "E'\\'", "insert into t values (1)", '"Q"']  # fmt: skip


@given(st.lists(st.sampled_from(PIECES)).map(" ".join) | st.text())
@example("0\u00a0")
def test_any_text_keeps_its_meaning(sql: str) -> None:
    tidy = pretty(sql)
    same(sql, tidy)


def same(sql: str, tidy: str) -> None:
    """Assert the same statements (except for the case of words), rows and comments."""
    assert meaning(sql) == meaning(tidy)
    assert comments(sql) == comments(tidy)


def meaning(sql: str) -> list[tuple[list[str], bytes]]:
    script = Script.of_body(sql)
    return [(list(map(folded, significant(s.text))), b"".join(script.data(s))) for s in script.statements]


def comments(sql: str) -> list[str]:
    """Return the comments in statements; text between statements is not formatted."""
    statements = Script.of_body(sql).statements
    return [t.text.rstrip() for s in statements for t in tokens(s.text) if t.kind is TokenKind.COMMENT]
