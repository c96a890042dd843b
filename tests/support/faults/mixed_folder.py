"""Migrations of all kinds, what each of their statements does, and how to see it in the database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import psycopg

ROWS = 600
BASE = "001_base.sql"
MIXED = "002_mixed.sql"
AFTER = ("003_after.sql", "004_last.sql")
NAMES = (BASE, MIXED, *AFTER)

FILES = {
    BASE: f"""
        BEGIN;
        CREATE TABLE effects (id int NOT NULL);
        CREATE TABLE items (id int NOT NULL, name text, touched int NOT NULL DEFAULT 0);
        INSERT INTO items SELECT n, md5(n::text) FROM generate_series(1, {ROWS}) AS n;
        CREATE INDEX items_old ON items (name);
        CREATE INDEX items_kept ON items (id);
        CREATE TABLE logs (id int NOT NULL) PARTITION BY RANGE (id);
        CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (100);
        CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (100) TO (200);
        CREATE PROCEDURE touch() LANGUAGE plpgsql AS $$
        BEGIN
            FOR part IN 0..3 LOOP
                UPDATE items SET touched = touched + 1 WHERE id % 4 = part AND touched = 0;
                COMMIT;
            END LOOP;
        END $$;
        CREATE TABLE marker (id int);
        INSERT INTO effects VALUES (101);
        COMMIT;
        """,
    MIXED: """
        INSERT INTO effects VALUES (1);
        BEGIN;
        INSERT INTO effects VALUES (2);
        ALTER TABLE items ADD COLUMN extra int;
        COMMIT;
        CREATE INDEX CONCURRENTLY items_new ON items (name, id);
        DROP INDEX CONCURRENTLY items_old;
        REINDEX INDEX CONCURRENTLY items_kept;
        ALTER TABLE logs DETACH PARTITION logs_1 CONCURRENTLY;
        CALL touch();
        INSERT INTO effects VALUES (3);
        """,
    AFTER[0]: """
        BEGIN;
        CREATE TABLE after_it (id int PRIMARY KEY);
        INSERT INTO effects VALUES (103);
        COMMIT;
        """,
    AFTER[1]: """
        BEGIN;
        INSERT INTO effects VALUES (104);
        ALTER TABLE after_it ADD COLUMN name text;
        COMMIT;
        """,
}


@dataclass(frozen=True, slots=True)
class StatementEffect:
    """One statement of the mixed migration."""

    kind: str
    """S: may be in a transaction; B: in a block; otherwise what PostgreSQL refuses in a transaction."""
    seen: str
    """SQL: ``done``, ``half``, ``not`` or ``twice``."""


def _rows(number: int) -> str:
    return f"(SELECT CASE count(*) WHEN 0 THEN 'not' WHEN 1 THEN 'done' ELSE 'twice' END FROM effects WHERE id = {number})"


def _index(name: str, good: str, none: str, half: str = "half") -> str:
    return (
        f"coalesce((SELECT CASE WHEN i.indisvalid AND i.indislive THEN '{good}' ELSE '{half}' END "
        f"FROM pg_index AS i WHERE i.indexrelid = to_regclass('{name}')), '{none}')"
    )


EFFECTS = (
    StatementEffect("S", _rows(1)),
    StatementEffect("B", _rows(2)),
    StatementEffect(
        "B",
        "CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'items'::regclass AND attname = 'extra' "
        "AND NOT attisdropped) THEN 'done' ELSE 'not' END",
    ),
    StatementEffect("CREATE INDEX", _index("items_new", "done", "not")),
    StatementEffect(
        "DROP INDEX",
        _index("items_old", "not", "done"),
    ),
    StatementEffect(
        "REINDEX",
        # The new index is younger than table `marker`, which was created after the old one.
        "CASE WHEN 'items_kept'::regclass::oid > 'marker'::regclass::oid THEN 'done' "
        "WHEN EXISTS (SELECT FROM pg_class WHERE relname ~ '^items_kept_cc(new|old)') THEN 'half' ELSE 'not' END",
    ),
    StatementEffect(
        "DETACH",
        "coalesce((SELECT CASE WHEN to_jsonb(h) ->> 'inhdetachpending' = 'true' THEN 'half' ELSE 'not' END "
        "FROM pg_inherits AS h WHERE h.inhrelid = 'logs_1'::regclass), 'done')",
    ),
    StatementEffect(
        "CALL",
        "(SELECT CASE WHEN max(touched) > 1 THEN 'twice' WHEN min(touched) = 1 THEN 'done' "
        "WHEN max(touched) = 1 THEN 'half' ELSE 'not' END FROM items)",  # it goes on where it stopped
    ),
    StatementEffect("S", _rows(3)),
)
"""In the order of the file."""

TRANSACTIONS = {BASE: 101, AFTER[0]: 103, AFTER[1]: 104}

LEFTOVERS = """
SELECT relname || ' is INVALID' FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE NOT (indisvalid AND indislive AND indisready)
UNION ALL
SELECT relname || ' is left over' FROM pg_class WHERE relname ~ '_cc(new|old)[0-9]*$'
UNION ALL
SELECT inhrelid::regclass || ' is half detached' FROM pg_inherits AS h WHERE to_jsonb(h) ->> 'inhdetachpending' = 'true'
UNION ALL
SELECT datname || ' is half dropped' FROM pg_database WHERE datconnlimit = -2
"""


def write(folder: Path) -> None:
    """Write the migrations."""
    for name, text in FILES.items():
        (folder / name).write_text(dedent(text).lstrip("\n"), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is in the database."""

    transactions: dict[str, str]
    """``done``, ``not`` or ``twice``, of each migration in one transaction."""
    statements: tuple[str, ...]
    """The same, or ``half``, of each statement of the mixed migration."""
    leftovers: tuple[str, ...]

    @property
    def all_done(self) -> bool:
        """Whether every effect is there exactly once, and nothing is left over."""
        return {*self.transactions.values(), *self.statements} == {"done"} and not self.leftovers

    def of(self, name: str) -> tuple[str, ...]:
        """Return what is seen of the statements of a migration."""
        return self.statements if name == MIXED else (self.transactions[name],)


def read_truth(connection: psycopg.Connection) -> Truth:
    """Look at every effect."""
    leftovers = tuple(row[0] for row in connection.execute(LEFTOVERS).fetchall())
    found = connection.execute("SELECT to_regclass('effects') IS NOT NULL").fetchone()
    assert found is not None
    if not found[0]:
        return Truth(dict.fromkeys(TRANSACTIONS, "not"), ("not",) * len(EFFECTS), leftovers)
    looks = [_rows(number) for number in TRANSACTIONS.values()] + [effect.seen for effect in EFFECTS]
    row = connection.execute(f"SELECT {', '.join(looks)}".encode()).fetchone()
    assert row is not None
    transactions = dict(zip(TRANSACTIONS, row, strict=False))
    return Truth(transactions, tuple(row[len(TRANSACTIONS) :]), leftovers)
