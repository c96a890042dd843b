"""Test what the pattern that partitions an existing table refuses, and that its rollback loses no row."""

from __future__ import annotations

from typing import Any

import pytest

from koonj.migrations.new import Draft

LOGS = """
CREATE TABLE logs (id bigint PRIMARY KEY, at date NOT NULL, n int CHECK (n > 0));
INSERT INTO logs SELECT i, '2025-01-01', i FROM generate_series(1, 5) i;
CREATE TABLE others (id bigint);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
"""
BY_ID = {"column": "id", "from": "0", "to": "100", "until": "200", "next": "logs_next"}


def draft_for(library: Any, **values: str) -> Draft:
    (draft,) = library.drafts("partition_existing_table", **{"table": "logs", **BY_ID, **values})
    assert isinstance(draft, Draft)
    return draft


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("CREATE VIEW v AS SELECT id FROM logs", "is used by: view v"),
        ("CREATE FUNCTION f(logs) RETURNS int LANGUAGE sql AS 'SELECT 1'", "is used by: function f(logs)"),
        (
            "ALTER TABLE others ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES logs",
            "is used by: constraint k on table others",
        ),
        (
            "ALTER TABLE logs ADD parent bigint CONSTRAINT k REFERENCES logs",
            "is used by: constraint k on table logs",
        ),
        ("CREATE TABLE child () INHERITS (logs)", "is used by: table child"),
        ("ALTER TABLE others ADD PRIMARY KEY (id); ALTER TABLE logs INHERIT others", "is used by: table others"),
        ("CREATE PUBLICATION p FOR TABLE logs", "is used by: publication p"),
        ("ALTER TABLE logs ENABLE ROW LEVEL SECURITY", "would not get: row-level security"),
        ("CREATE POLICY p ON logs USING (true)", "would not get: policy p on table logs"),
        (
            "CREATE TRIGGER t BEFORE UPDATE ON logs FOR EACH ROW EXECUTE FUNCTION nothing()",
            "would not get: trigger t on table logs",
        ),
        (
            "ALTER TABLE logs ALTER id ADD GENERATED ALWAYS AS IDENTITY",
            "would not get: identity column id",
        ),
        ("CREATE UNIQUE INDEX by_n ON logs (n) INCLUDE (id)", "not unique in each partition: by_n"),
        ("ALTER TABLE logs ADD CONSTRAINT e EXCLUDE (id WITH =)", "not unique in each partition: e"),
        ("CREATE SCHEMA app; ALTER DATABASE {database} SET search_path = app, public", "logs is not in the schema app"),
    ],
)  # fmt: skip
def test_what_a_partitioned_table_would_lose_is_refused(
    bench: Any, library: Any, before: str, message: str
) -> None:
    bench.sql(LOGS)
    bench.sql(before.format(database=bench.sql("SELECT quote_ident(current_database())")[0][0]))
    schema = bench.schema()
    done = bench.run(draft_for(library).text)
    assert message in done.stderr
    assert done.returncode != 0
    assert bench.schema() == schema, "nothing has been changed"


@pytest.mark.parametrize("column", ["at", "When; %s"])
def test_a_key_without_the_column_is_refused(bench: Any, library: Any, column: str) -> None:
    bench.sql(LOGS.replace(" at ", f' "{column}" '))
    draft = draft_for(library, column=column, **{"from": "'2025-01-01'", "to": "'2026-01-01'"})
    assert "a key of logs is not unique in each partition: logs_pkey" in bench.run(draft.text).stderr


def test_a_row_outside_the_range_leaves_what_the_rollback_removes(bench: Any, library: Any) -> None:
    bench.sql(LOGS)
    schema = bench.schema()
    draft = draft_for(library, to="3")
    assert "is violated by some row" in bench.run(draft.text).stderr
    bench.down(draft)
    assert bench.schema() == schema
    bench.up(draft_for(library))


def test_the_rollback_brings_rows_of_all_partitions_home(bench: Any, library: Any) -> None:
    bench.sql(LOGS + "ALTER TABLE logs ADD twice bigint GENERATED ALWAYS AS (id * 2) STORED")
    schema = bench.schema()
    draft = draft_for(library)
    bench.up(draft)
    (more,) = library.drafts(
        "add_partition", table="logs", partition="logs_more", **{"from": "200", "to": "300"}
    )
    bench.up(more)
    bench.sql("INSERT INTO logs SELECT i, '2026-01-01', i FROM unnest(ARRAY[50, 150, 250]) i")
    bench.sql("INSERT INTO logs VALUES (150, '2026-01-01', 7) ON CONFLICT ON CONSTRAINT logs_pkey DO NOTHING")
    assert bench.sql("SELECT count(*) FROM logs_next") == [(1,)]
    bench.down(draft)
    assert bench.schema() == schema
    assert bench.sql("SELECT array_agg(twice ORDER BY id) FROM logs") == [([2, 4, 6, 8, 10, 100, 300, 500],)]


def test_default_privileges_give_nobody_more_than_before(bench: Any, library: Any) -> None:
    bench.sql(LOGS + "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; GRANT SELECT ON logs TO PUBLIC")
    bench.up(draft_for(library))
    rights = "SELECT array_agg(privilege_type::text) FROM pg_class, aclexplode(relacl) WHERE oid = 'logs'::regclass AND grantee = 0"
    assert bench.sql(rights) == [(["SELECT"],)]


def test_the_new_table_has_the_owner_and_the_foreign_keys(bench: Any, library: Any) -> None:
    bench.sql(LOGS + "ALTER TABLE others ADD PRIMARY KEY (id)")
    bench.sql(
        "ALTER TABLE logs ADD other bigint CONSTRAINT k REFERENCES others; ALTER TABLE logs OWNER TO pg_monitor"
    )
    bench.up(draft_for(library))
    tables = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'logs'"
    assert bench.sql(tables) == [("pg_monitor",)]
    keys = "SELECT array_agg(conrelid::regclass::text ORDER BY 1) FROM pg_constraint WHERE conname = 'k'"
    assert bench.sql(keys) == [(["logs", "logs_first", "logs_next"],)]
