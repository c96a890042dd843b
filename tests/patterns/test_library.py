"""Test koonj's own patterns on a real server, with many kinds of names.

Each migration is applied, rolled back to the same schema, and applied again.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from koonj.migrations.migration import Migration
from koonj.patterns.pattern import defaults

LONG = "a_table_with_a_name_of_exactly_sixty_characters_in_all______"


@dataclass(frozen=True)
class Names:
    """A name as the user types it, and the names that it means."""

    table: str
    column: str
    schema_name: str | None
    table_name: str
    column_name: str

    def __str__(self) -> str:
        return self.table

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(*filter(None, (self.schema_name, self.table_name)))


NAMES = [
    Names("documents", "status", None, "documents", "status"),
    Names("Order Items", "user", None, "Order Items", "user"),
    Names("app.документы", "größe", "app", "документы", "größe"),
    Names('Odd $$ App."it\'s {{x}}. a ""name"""', "a;b--c", "Odd $$ App", 'it\'s {{x}}. a "name"', "a;b--c"),
    Names(LONG, LONG[::-1], None, LONG, LONG[::-1]),
]


@pytest.fixture(params=NAMES, ids=str)
def names(request: pytest.FixtureRequest) -> Names:
    given: Names = request.param
    return given


@pytest.fixture
def table(bench: Any, names: Names) -> sql.Composed:
    """Create the table with a column and rows; return its name."""
    with psycopg.connect(bench.dsn) as connection:
        if names.schema_name:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(names.schema_name)))
        connection.execute(sql.SQL("CREATE TABLE {} (id int PRIMARY KEY)").format(names.identifier))
        connection.execute(sql.SQL("INSERT INTO {} SELECT generate_series(1, 100)").format(names.identifier))
    return sql.Composed([names.identifier])


def test_add_column_adds_a_column_with_default(
    bench: Any, library: Any, names: Names, table: sql.Composed
) -> None:
    (draft,) = library.drafts(
        "add_column", table=names.table, column=names.column, type="varchar(50)", default="'it''s'"
    )
    bench.apply_rollback_apply(draft)
    column = sql.Identifier(names.column_name)
    with psycopg.connect(bench.dsn) as connection:
        rows = connection.execute(sql.SQL("SELECT DISTINCT {} FROM {}").format(column, table)).fetchall()
    assert rows == [("it's",)]
    found = "SELECT attnotnull, atthasmissing FROM pg_attribute WHERE attname = %s AND attrelid > 16000"
    assert bench.sql(found, names.column_name) == [(True, True)]


def test_add_column_is_repeatable(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int)")
    (draft,) = library.drafts("add_column", table="t", column="n", type="int", default="1 + 1", not_null="no")
    assert "DEFAULT (1 + 1);" in draft.text
    bench.up(draft)
    bench.up(draft)
    bench.down(draft)
    bench.down(draft)


def test_create_index_uses_the_name_that_postgresql_chooses(
    bench: Any, library: Any, names: Names, table: sql.Composed
) -> None:
    values = {"table": names.table, "columns": "id"}
    (draft,) = library.drafts("create_index", **values)
    bench.apply_rollback_apply(draft)
    # The default is the name that PostgreSQL itself would choose.
    with psycopg.connect(bench.dsn) as connection:
        found = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisprimary AND indrelid = %s::regclass"
        ours = connection.execute(found, [table.as_string(connection)]).fetchall()
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(ours[0][0])))
        connection.execute(sql.SQL("CREATE INDEX ON {} (id)").format(table))
        assert connection.execute(found, [table.as_string(connection)]).fetchall() == ours


def test_create_index_accepts_all_fields(bench: Any, library: Any) -> None:
    bench.sql('CREATE TABLE people (email text, "Born" date, gone timestamptz)')
    (draft,) = library.drafts(
        "create_index",
        table="public.people",
        columns="lower(email) text_pattern_ops, Born",
        unique="yes",
        where="gone IS NULL OR email = ';'",
    )
    assert draft.slug == "create_people_lower_born_idx"
    bench.apply_rollback_apply(draft)
    assert bench.sql("SELECT pg_get_indexdef('\"people_lower_Born_idx\"'::regclass)") == [
        (
            'CREATE UNIQUE INDEX "people_lower_Born_idx" ON public.people USING btree '
            "(lower(email) text_pattern_ops, \"Born\") WHERE ((gone IS NULL) OR (email = ';'::text))",
        )
    ]


def test_create_index_accepts_another_method(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE docs (body tsvector)")
    (draft,) = library.drafts("create_index", table="docs", columns="body", method="gin")
    bench.apply_rollback_apply(draft)


def test_rollback_removes_the_index_of_a_failed_build(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (1)")
    (draft,) = library.drafts("create_index", table="t", columns="n", unique="yes")
    assert "could not create unique index" in bench.run(draft.text).stderr
    assert bench.sql("SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass") == [(False,)]
    assert bench.run(draft.text).returncode != 0
    bench.down(draft)
    bench.sql("DELETE FROM t")
    bench.up(draft)


def test_add_foreign_key_creates_a_valid_constraint(
    bench: Any, library: Any, names: Names, table: sql.Composed
) -> None:
    with psycopg.connect(bench.dsn) as connection:
        column = sql.Identifier(names.column_name)
        connection.execute(sql.SQL("CREATE TABLE child ({} int)").format(column))
        connection.execute("INSERT INTO child VALUES (1), (2), (NULL)")
    index, key = library.drafts(
        "add_foreign_key", table="child", columns=names.column, references=names.table, on_delete="SET NULL"
    )
    bench.apply_rollback_apply(index, key)
    found = bench.sql(
        "SELECT convalidated, confdeltype::text, conname FROM pg_constraint WHERE contype = 'f'"
    )
    with psycopg.connect(bench.dsn) as connection:
        alter = sql.SQL("ALTER TABLE child DROP CONSTRAINT {}, ADD FOREIGN KEY ({}) REFERENCES {}")
        connection.execute(alter.format(sql.Identifier(found[0][2]), column, table))
        chosen = connection.execute("SELECT conname FROM pg_constraint WHERE contype = 'f'").fetchall()
    assert found == [(True, "n", chosen[0][0])]


@pytest.mark.parametrize("names", NAMES[2:4], ids=str, indirect=True)
def test_add_foreign_key_accepts_two_columns(
    bench: Any, library: Any, names: Names, table: sql.Composed
) -> None:
    with psycopg.connect(bench.dsn) as connection:
        connection.execute('CREATE TABLE parent (a int, "B" int, PRIMARY KEY (a, "B"))')
        connection.execute(sql.SQL('ALTER TABLE {} ADD x int, ADD "Y" int').format(table))
    drafts = library.drafts(
        "add_foreign_key", table=names.table, columns="x, Y", references="parent", referenced="a, B"
    )
    bench.apply_rollback_apply(*drafts)


def test_add_foreign_key_creates_one_file_without_index(library: Any) -> None:
    (draft,) = library.drafts("add_foreign_key", table="a", columns="b", references="c", with_index="no")
    assert draft.slug == "add_a_b_fkey"


def test_constraint_protects_new_rows_when_validation_fails(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int); INSERT INTO c VALUES (7)")
    _, key = library.drafts("add_foreign_key", table="c", columns="p_id", references="p")
    assert 'violates foreign key constraint "c_p_id_fkey"' in bench.run(key.text).stderr
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        bench.sql("INSERT INTO c VALUES (8)")
    bench.down(key)
    bench.sql("DELETE FROM c")
    bench.up(key)


def test_drop_table_moves_and_drops_the_table(
    bench: Any, library: Any, names: Names, table: sql.Composed
) -> None:
    with psycopg.connect(bench.dsn) as connection:
        connection.execute("CREATE TABLE parent (id int PRIMARY KEY)")
        add = "ALTER TABLE {} ADD p int REFERENCES parent, ADD own int REFERENCES {}, ADD s serial"
        connection.execute(sql.SQL(add).format(table, table))
        connection.execute(sql.SQL("COMMENT ON TABLE {} IS 'dear to somebody'").format(table))
        connection.execute(sql.SQL("CREATE POLICY p ON {} USING (own = id)").format(table))
    typed = re.split(r"\.(?=[\"д])", names.table)
    values = {"table": typed[-1], "trash": "To Be $$ Dropped's"}
    moved = dict(values, schema=typed[0]) if names.schema_name else values
    (move,) = library.drafts("drop_table", **moved)
    bench.apply_rollback_apply(move)
    there = sql.Identifier(values["trash"], names.table_name)
    with psycopg.connect(bench.dsn) as connection:
        assert connection.execute(sql.SQL("SELECT count(*) FROM {}").format(there)).fetchone() == (100,)

    (drop,) = library.drafts("drop_table_for_good", **values)
    bench.up(drop)
    bench.up(drop)
    assert (
        bench.sql("SELECT relname FROM pg_class WHERE relkind IN ('r', 'S') AND relnamespace > 16000") == []
    )
    assert bench.sql("SELECT relname FROM pg_class WHERE relname = %s", names.table_name) == []
    assert bench.sql("SELECT nspname FROM pg_namespace WHERE nspname = %s", values["trash"]) == []
    assert bench.sql("SELECT count(*) FROM parent") == [(0,)]


USES = {
    "view v": "CREATE VIEW v AS SELECT * FROM t",
    "materialized view m": "CREATE MATERIALIZED VIEW m AS SELECT id FROM t",
    "constraint o_id_fkey on table o": "CREATE TABLE o (id int REFERENCES t)",
    "function f()": "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t; END",
    "function g(t)": "CREATE FUNCTION g(t) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "column c of table o": "CREATE TABLE o (c t[])",
    "policy p on table o": "CREATE TABLE o (i int); CREATE POLICY p ON o USING (i IN (SELECT id FROM t))",
    "default value for column i of table o": "CREATE TABLE o (i int DEFAULT nextval('t_n_seq'))",
    "rule r on table o": "CREATE TABLE o (i int); CREATE RULE r AS ON INSERT TO o DO ALSO DELETE FROM t",
    "table o": "CREATE TABLE o () INHERITS (t)",
    "table mother": "CREATE TABLE mother (id int NOT NULL); ALTER TABLE t INHERIT mother",
    "publication p": "CREATE PUBLICATION p FOR TABLE t",
}


@pytest.mark.parametrize("thing", USES)
def test_drop_table_fails_when_the_table_is_used(bench: Any, library: Any, thing: str) -> None:
    bench.sql("CREATE TABLE t (id int PRIMARY KEY, n serial)")
    if "ATOMIC" in USES[thing] and bench.sql("SHOW server_version_num") < [("140000",)]:
        pytest.skip("BEGIN ATOMIC came with 14")
    bench.sql(USES[thing])
    (draft,) = library.drafts("drop_table", table="t")
    done = bench.run(draft.text)
    assert done.returncode != 0
    _, _, users = done.stderr.splitlines()[0].partition("ERROR:  t is still used by: ")
    assert thing in users.split(", ")
    assert bench.sql("SELECT to_regnamespace('trash'), to_regclass('t')::text") == [(None, "t")]


def test_drop_table_fails_for_a_partition_and_its_table(bench: Any, library: Any) -> None:
    bench.sql(
        "CREATE TABLE t (id int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (9)"
    )
    for table, user in (("t", "table t1"), ("t1", "table t")):
        (draft,) = library.drafts("drop_table", table=table)
        assert f"ERROR:  {table} is still used by: {user}\n" in bench.run(draft.text).stderr


def test_drop_table_warns_about_a_function_that_names_the_table(bench: Any, library: Any) -> None:
    bench.sql(
        "CREATE TABLE t_old (id int); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM T_OLD; END';"
        "CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM t_old_2; END'"
    )
    (draft,) = library.drafts("drop_table", table="t_old")
    assert "WARNING:  the name t_old also appears in the source of: f()\n" in bench.up(draft)


def test_trash_schema_is_kept_when_it_is_used(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE a (id int); CREATE TABLE b (id int)")
    (a,), (b,) = library.drafts("drop_table", table="a"), library.drafts("drop_table", table="b")
    bench.up(a)
    bench.up(b)
    bench.down(b)
    assert bench.sql("SELECT to_regclass('trash.a') IS NOT NULL, to_regclass('public.b') IS NOT NULL") == [
        (True, True)
    ]
    bench.up(library.drafts("drop_table_for_good", table="a")[0])
    assert bench.sql("SELECT to_regnamespace('trash')") == [(None,)]


def test_trash_schema_is_kept_when_it_has_another_owner(bench: Any, library: Any) -> None:
    role = f"mover_{secrets.token_hex(6)}"
    bench.sql(f"CREATE SCHEMA trash; CREATE ROLE {role}; CREATE SCHEMA own AUTHORIZATION {role}")
    bench.sql(
        f"DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO {role}'; END $$"
    )
    bench.sql(f"GRANT USAGE, CREATE ON SCHEMA trash TO {role}; SET ROLE {role}; CREATE TABLE own.t (id int)")
    try:
        (move,) = library.drafts("drop_table", table="t", schema="own")
        rollback = Migration.from_recorded("001_x.sql", move.text).sections.rollback
        assert rollback is not None
        for script in (move.text, rollback.source.text):
            done = bench.run(f"SET ROLE {role};\n{script}")
            assert done.returncode == 0, done.stderr
        assert bench.sql("SELECT to_regclass('own.t')::text, to_regnamespace('trash')::text") == [
            ("own.t", "trash")
        ]
    finally:
        bench.sql(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def test_drop_table_for_good_drops_only_a_moved_table(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int)")
    (drop,) = library.drafts("drop_table_for_good", table="t")
    bench.up(drop)
    assert bench.sql("SELECT count(*) FROM t") == [(0,)]
    assert "Rollback: none:" in drop.text


def test_defaults_depend_on_other_values(library: Any) -> None:
    pattern = library.patterns["add_foreign_key"]
    assert defaults(pattern, {}) == {
        "table": "", "columns": "", "references": "", "referenced": "id", "on_delete": "NO ACTION",
        "with_index": "yes", "constraint": "", "index": "",
    }  # fmt: skip
    filled = defaults(pattern, {"table": "app.Order Items", "columns": "a, B"})
    assert (filled["constraint"], filled["index"]) == ("Order Items_a_B_fkey", "Order Items_a_B_idx")
    dotted = defaults(pattern, {"table": '"a.b"', "columns": "c"})
    assert dotted["index"] == '"a.b_c_idx"'
