"""The values of an offered pattern name what the statement names, whatever its names are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koonj.checks.check import Checker
from koonj.checks.levels import Levels
from koonj.migrations.migration import Migration
from koonj.patterns.names import LONGEST, quote
from koonj.patterns.pattern import load, render
from koonj.sql.problem import PatternOffer

PATTERNS = {pattern.key: pattern for pattern in load()[0]}
ROLLBACK = "\n\n-- Rollback:\n-- BEGIN;\n-- SELECT 1;\n-- COMMIT;\n"


def offers(statement: str) -> list[PatternOffer]:
    migration = Migration.from_recorded("001_x.sql", f"BEGIN;\n{statement}\nCOMMIT;{ROLLBACK}")
    found = Checker([migration], Levels()).findings(migration)
    return [one.pattern for one in found if one.pattern is not None]


def written(offer: PatternOffer, **more: str) -> str:
    return "\n".join(draft.text for draft in render(PATTERNS[offer.key], {**dict(offer.values), **more}))


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (
            'ALTER TABLE App.Orders ADD FOREIGN KEY (Owner, "Co.de") REFERENCES App.Users (Id, "a,b");',
            {
                "table": "app.orders",
                "columns": 'owner, "Co.de"',
                "references": "app.users",
                "referenced": 'id, "a,b"',
            },
        ),
        (
            'ALTER TABLE "Or ders" ADD CONSTRAINT "c""q" FOREIGN KEY ("Ow ner") REFERENCES Users;',
            {"table": "Or ders", "columns": "Ow ner", "references": "users", "constraint": '"c""q"'},
        ),
        (
            'CREATE INDEX My_Idx ON App.Orders (Owner, lower(Name), "Ca  p" DESC)\n  INCLUDE (Other, "X Y")\n'
            "  WHERE Owner > 0 -- or none\n  AND Name <> 'a  b';",
            {
                "table": "app.orders",
                "columns": 'owner, lower(Name), "Ca  p" DESC',
                "unique": "",
                "include": 'other, "X Y"',
                "where": "Owner > 0 AND Name <> 'a  b'",
                "index": "my_idx",
            },
        ),
        ('CREATE TABLE New_T (Id int, "Ow ner" int REFERENCES Users);', {"table": "new_t", "columns": '"Ow ner"'}),
        ('CREATE TABLE "ä.B" (Ünit int REFERENCES Users);', {"table": '"ä.B"', "columns": "Ünit"}),
        ('DROP TABLE App."Or.ders";', {"table": '"Or.ders"', "schema": "app"}),
        ('DROP TABLE "a""b""";', {"table": '"a""b"""'}),
        (
            'ALTER TABLE App.T ADD COLUMN "a ( b" App.Mood NOT NULL;',
            {"table": "app.t", "column": "a ( b", "type": "app.mood"},
        ),
        (
            'ALTER TABLE T ADD COLUMN B numeric (10,2) [ ] NOT NULL;',
            {"table": "t", "column": "b", "type": "numeric(10, 2)[]"},
        ),
        (
            'ALTER TABLE T ADD COLUMN B "My . Type ( 2 )" NOT NULL;',
            {"table": "t", "column": "b", "type": '"My . Type ( 2 )"'},
        ),
        (
            "ALTER TABLE db.App.T ADD COLUMN B timestamp ( 3 ) with time zone NOT NULL;",
            {"table": "app.t", "column": "b", "type": "timestamp(3) with time zone"},
        ),
    ],
)  # fmt: skip
def test_values_are_the_names_as_a_user_would_type_them(statement: str, values: dict[str, str]) -> None:
    found = [offer for offer in offers(statement) if dict(offer.values)["table"] == values["table"]]
    assert dict(found[0].values) == {name: value for name, value in values.items() if value}


NAMES = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=' ."(,)Aé'), min_size=1, max_size=12
).filter(lambda name: len(name.encode()) <= LONGEST)


def sql(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@settings(max_examples=20)
@given(table=NAMES, column=NAMES, other=NAMES)
def test_written_files_use_the_quoted_names_of_the_statement(table: str, column: str, other: str) -> None:
    t, c, o = map(sql, (table, column, other))
    [key] = offers(f"ALTER TABLE {o}.{t} ADD CONSTRAINT {o} FOREIGN KEY ({c}) REFERENCES {c}.{o} ({t});")
    text = written(key)
    assert f"FOREIGN KEY ({quote(column)}) REFERENCES {quote(column)}.{quote(other)} ({quote(table)})" in text
    assert f"ALTER TABLE {quote(other)}.{quote(table)}" in text
    [index] = offers(f"CREATE INDEX {o} ON {o}.{t} ({c}) INCLUDE ({t});")
    text = written(index)
    assert f"ON {quote(other)}.{quote(table)} USING btree ({quote(column)}) INCLUDE ({quote(table)})" in text
    [child] = offers(f"CREATE TABLE {t} ({c} int REFERENCES {o});")
    assert f"ON {quote(table)} USING btree ({quote(column)})" in written(child)
    [added] = offers(f"ALTER TABLE {t} ADD COLUMN {c} {o} NOT NULL;")
    text = written(added, default="1")
    assert f"ALTER TABLE {quote(table)}" in text
    assert f"{quote(column)} {o} DEFAULT 1 NOT NULL" in text
