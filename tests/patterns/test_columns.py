"""Test what koonj's patterns of columns refuse, and what they keep."""

from typing import Any

import psycopg
import pytest

USES = {
    "view v": "CREATE VIEW v AS SELECT * FROM t",
    "materialized view m": "CREATE MATERIALIZED VIEW m AS SELECT c FROM t",
    "constraint t_c_key on table t": "ALTER TABLE t ADD UNIQUE (c)",
    "constraint t_c_fkey on table t": "CREATE TABLE p (id int PRIMARY KEY); ALTER TABLE t ADD FOREIGN KEY (c) REFERENCES p",
    "constraint o_c_fkey on table o": "CREATE UNIQUE INDEX ON t (c); CREATE TABLE o (c int REFERENCES t (c))",
    "constraint t_check on table t": "ALTER TABLE t ADD CHECK (c > id)",
    "policy p on table t": "CREATE POLICY p ON t USING (c = 1)",
    "policy p on table o": "CREATE TABLE o (i int); CREATE POLICY p ON o USING (i IN (SELECT c FROM t))",
    "trigger g on table t": "CREATE TRIGGER g AFTER UPDATE OF c ON t EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "function f()": "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(c) FROM t; END",
    "rule r on table o": "CREATE TABLE o (i int); CREATE RULE r AS ON DELETE TO o DO ALSO DELETE FROM t WHERE c = old.i",
}
GENERATED = "ALTER TABLE t ADD g int GENERATED ALWAYS AS (c + 1) STORED"


@pytest.mark.parametrize("thing", USES)
def test_drop_column_fails_when_the_column_is_used(bench: Any, library: Any, thing: str) -> None:
    bench.sql("CREATE TABLE t (id int, c int)")
    bench.sql(USES[thing])
    (draft,) = library.drafts("drop_column", table="t", column="c")
    done = bench.run(draft.text)
    assert done.returncode != 0
    _, _, users = done.stderr.splitlines()[0].partition("ERROR:  column c of t is still used by: ")
    assert thing in users.split(", ")


def test_drop_column_fails_for_a_generated_column_that_needs_it(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int, c int)")
    bench.sql(GENERATED)
    (draft,) = library.drafts("drop_column", table="t", column="c")
    error = bench.run(draft.text).stderr
    assert "column c of t is still used by: " in error
    assert "column g of table t" in error


def test_drop_column_hides_a_column_with_only_its_own_objects(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int, c int GENERATED ALWAYS AS IDENTITY, d serial, e int DEFAULT 1)")
    bench.sql("CREATE INDEX ON t (c, d, e); CREATE STATISTICS s ON c, d, e FROM t")
    for column in ("c", "d", "e"):
        (draft,) = library.drafts("drop_column", table="t", column=column)
        bench.apply_rollback_apply(draft)
        bench.up(library.drafts("drop_column_for_good", table="t", column=column)[0])


def test_drop_column_fails_for_a_column_that_new_rows_must_have(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int, c int NOT NULL)")
    (draft,) = library.drafts("drop_column", table="t", column="c")
    assert "Use the pattern with not_null=yes." in bench.run(draft.text).stderr
    (draft,) = library.drafts("drop_column", table="t", column="c", not_null="yes")
    bench.up(draft)
    bench.sql("INSERT INTO t (id) VALUES (1)")


def test_drop_column_warns_about_functions_that_name_it(bench: Any, library: Any) -> None:
    bench.sql(
        "CREATE TABLE t (c int, c_2 int); "
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN sum(t.C) FROM t; END'; "
        "CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN sum(c_2) FROM t; END'; "
        "CREATE FUNCTION h() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN sum(b_c) FROM t; END'"
    )
    (draft,) = library.drafts("drop_column", table="t", column="c")
    assert "WARNING:  the name c also appears in the source of: f()\n" in bench.up(draft)


def test_an_identity_needs_an_index_to_find_the_largest_number(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int NOT NULL)")
    (draft,) = library.drafts("add_identity", table="t")
    assert "no index begins with this column" in bench.run(draft.text).stderr
    bench.sql("CREATE INDEX ON t (id) WHERE id > 9")
    assert "no index begins with this column" in bench.run(draft.text).stderr
    bench.sql("CREATE INDEX ON t (id)")
    bench.up(draft)
    assert bench.sql("INSERT INTO t DEFAULT VALUES RETURNING id") == [(1,)]


def test_set_not_null_protects_new_rows_when_a_row_has_no_value(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (c int); INSERT INTO t VALUES (NULL)")
    (draft,) = library.drafts("set_not_null", table="t", column="c")
    assert 'check constraint "t_c_not_null_check" of relation "t" is violated' in bench.run(draft.text).stderr
    with pytest.raises(psycopg.errors.CheckViolation):
        bench.sql("INSERT INTO t VALUES (NULL)")
    bench.down(draft)
    bench.sql("UPDATE t SET c = 1")
    bench.up(draft)


def test_a_virtual_column_is_computed(bench: Any, library: Any) -> None:
    if bench.sql("SHOW server_version_num") < [("180000",)]:
        pytest.skip("VIRTUAL came with 18")
    bench.sql("CREATE TABLE t (c int); INSERT INTO t VALUES (20)")
    (draft,) = library.drafts(
        "add_generated_column", table="t", column="d", type="int", value="c + 1", computed="virtual"
    )
    bench.apply_rollback_apply(draft)
    assert bench.sql("SELECT d FROM t") == [(21,)]


def test_a_computed_column_can_have_the_name_of_a_variable(bench: Any, library: Any) -> None:
    bench.sql(
        'CREATE TABLE batch (page int, pages int, place int, "new" int); INSERT INTO batch VALUES (1, 2, 3, 4)'
    )
    (draft,) = library.drafts(
        "add_generated_column",
        table="batch",
        column="total",
        type="int",
        value='page % 7 + pages + place + "new"',
    )
    bench.up(draft)
    bench.sql("INSERT INTO batch VALUES (9, 2, 3, 4)")
    assert bench.sql("SELECT page, total FROM batch ORDER BY page") == [(1, 10), (9, 11)]


def test_a_row_without_a_value_does_not_stop_the_others(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (NULL), (3)")
    add, required = library.drafts(
        "add_column_with_backfill", table="t", column="b", type="int", default="0", value="a * 2"
    )
    bench.up(add)
    assert bench.sql("SELECT b FROM t ORDER BY a") == [(2,), (6,), (None,)]
    assert (
        'check constraint "t_b_not_null_check" of relation "t" is violated' in bench.run(required.text).stderr
    )


AT_ONCE = [
    ("varchar(20)", "varchar(50)", ""),
    ("varchar(20)", "text", "CREATE INDEX ON t (c, id)"),
    ("varchar(20)", "text", "ALTER TABLE t ADD UNIQUE (c)"),
    ("numeric(10,2)", "numeric(20,2)", "CREATE INDEX ON t (c)"),
    ("cidr", "inet", ""),
    ("timestamp", "timestamptz", "SET timezone = 'UTC'"),
]
NOT_AT_ONCE = [
    ("int", "bigint", ""),
    ("varchar(20)", "varchar(10)", ""),
    ("varchar(20)", "text", "CREATE INDEX ON t (upper(c))"),
    ("varchar(20)", "text", "CREATE INDEX ON t (id) WHERE c IS NOT NULL"),
    ("timestamp", "timestamptz", "SET timezone = 'Europe/Zurich'"),
]


@pytest.mark.parametrize(("before", "after", "setup"), AT_ONCE)
def test_change_type_changes_nothing_but_the_catalog(
    bench: Any, library: Any, before: str, after: str, setup: str
) -> None:
    bench.sql(f"CREATE TABLE t (id int, c {before})")
    bench.sql(setup or "SELECT")
    files = "SELECT pg_relation_filenode(oid) FROM pg_class WHERE relname LIKE 't' OR relname LIKE 't\\_%' ORDER BY 1"
    written = bench.sql(files)
    (draft,) = library.drafts("change_type", table="t", column="c", type=after, previous=before)
    zone = "SET timezone = 'UTC';\n" if "UTC" in setup else ""
    assert bench.run(zone + draft.text).stderr == ""
    assert bench.sql(files) == written
    assert bench.sql("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attname = 'c'") != [
        (before,)
    ]


@pytest.mark.parametrize(("before", "after", "setup"), NOT_AT_ONCE)
def test_change_type_fails_if_the_table_or_an_index_would_be_written(
    bench: Any, library: Any, before: str, after: str, setup: str
) -> None:
    bench.sql(f"CREATE TABLE t (id int, c {before})")
    bench.sql(setup or "SELECT")
    (draft,) = library.drafts("change_type", table="t", column="c", type=after, previous=before)
    zone = setup + ";\n" if "timezone" in setup else ""
    error = bench.run(zone + draft.text).stderr
    assert "PostgreSQL would write the whole table or an index again" in error
    assert "Use the koonj pattern change_type_with_copy." in error


def test_change_type_fails_for_a_constraint_that_would_be_checked(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int, c varchar(20) CONSTRAINT \"Long\" CHECK (c <> ''))")
    (draft,) = library.drafts("change_type", table="t", column="c", previous="varchar(20)")
    assert 'PostgreSQL would check each row again: "Long"' in bench.run(draft.text).stderr


def copied(bench: Any, library: Any, definition: str) -> Any:
    """Make a table with a copied column; return the migration that swaps it."""
    bench.sql(f"CREATE TABLE t (id int PRIMARY KEY, c {definition})")
    for draft in library.drafts("change_type_with_copy", table="t", column="c", type="bigint"):
        bench.up(draft)
    return library.drafts("change_type_swap", table="t", column="c")[0]


def test_the_swap_needs_the_indexes_of_the_new_column(bench: Any, library: Any) -> None:
    swap = copied(bench, library, "int NOT NULL")
    bench.sql(
        "CREATE INDEX a ON t (c, id); CREATE INDEX b ON t (id) WHERE c > 0; CREATE INDEX c_new ON t (id, c_new)"
    )
    assert "indexes with c: a, b; with c_new: only 1" in bench.run(swap.text).stderr
    bench.sql("CREATE INDEX ON t (id) WHERE c_new > 0")
    bench.apply_rollback_apply(swap)


@pytest.mark.parametrize(
    "definition", ["serial", "int GENERATED ALWAYS AS IDENTITY", "int GENERATED ALWAYS AS (id) STORED"]
)
def test_the_swap_fails_for_a_column_with_a_sequence_or_an_expression(
    bench: Any, library: Any, definition: str
) -> None:
    swap = copied(bench, library, f"{definition} NOT NULL")
    assert "column c is generated, has a sequence or is in the primary key" in bench.run(swap.text).stderr


def test_the_swap_fails_for_a_column_of_the_primary_key(bench: Any, library: Any) -> None:
    swap = copied(bench, library, "int NOT NULL")
    bench.sql("ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (id, c)")
    assert "column c is generated, has a sequence or is in the primary key" in bench.run(swap.text).stderr


def test_the_swap_fails_if_the_new_column_can_be_null(bench: Any, library: Any) -> None:
    swap = copied(bench, library, "int NOT NULL")
    bench.sql("ALTER TABLE t ALTER c_new DROP NOT NULL")
    assert "one of c and c_new is NOT NULL, and the other is not" in bench.run(swap.text).stderr


def test_the_old_column_is_not_dropped_with_a_constraint(bench: Any, library: Any) -> None:
    swap = copied(bench, library, "int NOT NULL CHECK (c > 0)")
    bench.up(swap)
    bench.sql("INSERT INTO t (id, c) VALUES (1, 1)")
    with pytest.raises(psycopg.errors.CheckViolation):
        bench.sql("INSERT INTO t (id, c) VALUES (2, 0)")
    (finish,) = library.drafts("change_type_finish", table="t", column="c")
    assert (
        "column c_old of t is still used by: constraint t_c_check on table t" in bench.run(finish.text).stderr
    )
    bench.sql("ALTER TABLE t DROP CONSTRAINT t_c_check")
    bench.up(finish)
    bench.sql("INSERT INTO t (id, c) VALUES (2, 3000000000)")


@pytest.mark.parametrize("key", ["drop_column", "change_type_swap", "change_type_finish"])
def test_a_column_that_does_not_exist_is_named(bench: Any, library: Any, key: str) -> None:
    bench.sql("CREATE TABLE t (id int)")
    (draft,) = library.drafts(key, table="t", column="c")
    error = bench.run(draft.text).stderr
    assert 'column "c" does not exist' in error or 'trigger "t_copy_c" for table "t" does not exist' in error
