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
        "CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN sum(c_2) FROM t; END'"
    )
    (draft,) = library.drafts("drop_column", table="t", column="c")
    assert "WARNING:  the name c also appears in the source of: f()\n" in bench.up(draft)


def test_an_identity_needs_an_index_to_find_the_largest_number(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int NOT NULL)")
    (draft,) = library.drafts("add_identity", table="t")
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


def test_backfill_comes_back_to_rows_that_others_have_locked(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int, c int); INSERT INTO t SELECT generate_series(1, 2000)")
    (draft,) = library.drafts("backfill", table="t", column="c", value="id")
    with psycopg.connect(bench.dsn) as other, psycopg.connect(bench.dsn, autocommit=True) as watching:
        other.execute("UPDATE t SET id = -id WHERE id = 5")
        running = bench.start(draft.text)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while running.poll() is None and watching.execute(waiting).fetchone() == (0,):
            pass
        assert watching.execute("SELECT count(*) FROM t WHERE c IS NULL").fetchone() == (1,)
        other.commit()
        assert running.wait() == 0
    assert bench.sql("SELECT count(*), sum(c) FROM t WHERE id = c") == [(2000, 2001000 - 10)]


def test_backfill_stops_when_filled_rows_match_again(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (c int); INSERT INTO t VALUES (1)")
    (draft,) = library.drafts("backfill", table="t", column="c", value="c + 1", where="c > 0")
    assert "after 20 passes there are still rows to fill" in bench.run(draft.text).stderr
