"""Migrations that demand something of rows, with rows that they accept and rows that they refuse.

Nothing here says which rows a migration refuses: a test applies it and looks.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PreflightCase:
    """A schema, a migration of it, and rows."""

    name: str
    schema: str
    migration: str
    rows: tuple[str, ...]
    """Each is the contents of a database of its own."""
    since: int = 14
    """Major version that has the feature."""
    uncertain: str = ""
    """``may`` or ``unknown``: koonj says so for some of the rows, and not more."""
    block: bool = True
    earlier: tuple[str, ...] = ()
    """Pending migrations before it."""
    apart: bool = False
    """The earlier ones must be committed before it runs."""
    icu: bool = False
    """It needs a server that was built with ICU and libxml."""


def case(name: str, schema: str, migration: str, *rows: str, **options: object) -> PreflightCase:
    """Return a case."""
    return PreflightCase(name, schema, migration, rows, **options)  # type: ignore[arg-type]


T = "CREATE TABLE t (id int PRIMARY KEY, a text, b int, r int4range);"
PARENT = f"CREATE TABLE p (id int PRIMARY KEY, code text UNIQUE); {T}"


def _a(*values: str) -> str:
    """Return rows of t with these values of a, as SQL."""
    return "".join(f"INSERT INTO t (id, a) VALUES ({n}, {value});" for n, value in enumerate(values, 1))


def _b(*values: str) -> str:
    return "".join(f"INSERT INTO t (id, b) VALUES ({n}, {value});" for n, value in enumerate(values, 1))


def _r(*values: str) -> str:
    return "".join(f"INSERT INTO t (id, b, r) VALUES ({n}, {value});" for n, value in enumerate(values, 1))


COLUMNS = (
    case("set_not_null", T, "ALTER TABLE t ALTER a SET NOT NULL;", _a("'x'"), _a("'x'", "NULL"), ""),
    case("add_not_null_column", T, "ALTER TABLE t ADD c int NOT NULL;", "", _a("'x'")),
    case("add_not_null_default", T, "ALTER TABLE t ADD c int NOT NULL DEFAULT 3;", "", _a("'x'")),
    case("add_not_null_null_default", T, "ALTER TABLE t ADD c int NOT NULL DEFAULT NULL;", "", _a("'x'")),
    case("add_not_null_random", T, "ALTER TABLE t ADD c uuid NOT NULL DEFAULT gen_random_uuid();", _a("'x'")),
    case("add_identity", T, "ALTER TABLE t ADD c int GENERATED ALWAYS AS IDENTITY;", _a("'x'")),
    case("add_serial", T, "ALTER TABLE t ADD c serial UNIQUE;", _a("'x'", "'y'")),
    case("add_check_on_default", T, "ALTER TABLE t ADD c int DEFAULT 1 CHECK (c > 3);", "", _a("'x'")),
    case("add_unique_default", T, "ALTER TABLE t ADD c int DEFAULT 1 UNIQUE;", _a("'x'"), _a("'x'", "'y'")),
    case(
        "renamed_then_not_null",
        T,
        'ALTER TABLE t RENAME a TO "New A"; ALTER TABLE t ALTER "New A" SET NOT NULL;',
        _a("'x'"),
        _a("NULL"),
    ),
    case(
        "swapped_names",
        T,
        "ALTER TABLE t RENAME a TO z; ALTER TABLE t RENAME b TO a; ALTER TABLE t ALTER a SET NOT NULL;",
        "INSERT INTO t (id, b) VALUES (1, 1);",
        "INSERT INTO t (id, a) VALUES (1, 'x');",
    ),
    case(
        "renamed_table",
        T,
        'ALTER TABLE t RENAME TO "Some T"; ALTER TABLE "Some T" ALTER a SET NOT NULL;',
        _a("'x'"),
        _a("NULL"),
    ),
    case(
        "moved_table",
        T,
        'CREATE SCHEMA "o {schema}"; ALTER TABLE t SET SCHEMA "o {schema}"; ALTER TABLE "o {schema}".t ALTER a SET NOT NULL;',
        _a("'x'"),
        _a("NULL"),
    ),
    case(
        "filled_first",
        T,
        "UPDATE t SET a = '' WHERE a IS NULL; ALTER TABLE t ALTER a SET NOT NULL;",
        _a("'x'"),
        _a("NULL"),
        uncertain="may",
    ),
    case(
        "filled_by_do",
        T,
        "DO $$ BEGIN UPDATE t SET a = ''; END $$; ALTER TABLE t ALTER a SET NOT NULL;",
        _a("NULL"),
        uncertain="may",
    ),
    case(
        "filled_by_function",
        T + "CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS 'UPDATE t SET a = 1';",
        "SELECT fill(); ALTER TABLE t ALTER a SET NOT NULL;",
        _a("NULL"),
        uncertain="may",
    ),
    case("emptied_first", T, "TRUNCATE t; ALTER TABLE t ALTER a SET NOT NULL;", _a("NULL"), uncertain="may"),
    case(
        "new_column_filled",
        T,
        "ALTER TABLE t ADD c int; UPDATE t SET c = 1; ALTER TABLE t ALTER c SET NOT NULL;",
        _a("'x'"),
    ),
    case(
        "new_column_not_filled",
        T,
        "ALTER TABLE t ADD c int; ALTER TABLE t ALTER c SET NOT NULL;",
        _a("'x'"),
        "",
    ),
    case(
        "stored_division",
        T,
        "ALTER TABLE t ADD c int GENERATED ALWAYS AS (10 / b) STORED;",
        _b("1"),
        _b("1", "0"),
        _b("NULL"),
    ),
    case(
        "stored_not_null",
        T,
        "ALTER TABLE t ADD c int NOT NULL GENERATED ALWAYS AS (b + 1) STORED;",
        _b("1"),
        _b("NULL"),
    ),
    case(
        "stored_check",
        T,
        "ALTER TABLE t ADD c int GENERATED ALWAYS AS (b * 2) STORED; ALTER TABLE t ADD CHECK (c < 10);",
        _b("1"),
        _b("7"),
    ),
    case(
        "stored_overflow",
        T,
        "ALTER TABLE t ADD c smallint GENERATED ALWAYS AS (b * 100) STORED;",
        _b("1"),
        _b("1000"),
    ),
    case(
        "stored_changed",
        "CREATE TABLE t (id int PRIMARY KEY, b int, g int GENERATED ALWAYS AS (b) STORED);",
        "ALTER TABLE t ALTER g SET EXPRESSION AS (6 / b);",
        _b("1"),
        _b("0"),
        since=17,
    ),
    case(
        "virtual_not_null",
        T,
        "ALTER TABLE t ADD c int GENERATED ALWAYS AS (b + 1) VIRTUAL NOT NULL;",
        _b("1"),
        _b("NULL"),
        since=18,
    ),
    case(
        "not_null_not_valid", T, "ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID;", _a("NULL"), since=18
    ),
    case(
        "not_null_validated",
        T + "ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID;",
        "ALTER TABLE t VALIDATE CONSTRAINT n;",
        _a("'x'"),
        since=18,
    ),
)
MORE_COLUMNS = (
    case(
        "new_primary_key",
        "CREATE TABLE t (a text);",
        "ALTER TABLE t ADD id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;",
        "INSERT INTO t VALUES ('x'), ('y');",
    ),
    case(
        "new_uuid_key",
        "CREATE TABLE t (a text);",
        "ALTER TABLE t ADD id uuid DEFAULT gen_random_uuid(); ALTER TABLE t ADD PRIMARY KEY (id);",
        "INSERT INTO t VALUES ('x'), ('y');",
    ),
    case(
        "new_random_key",
        "CREATE TABLE t (a text);",
        "ALTER TABLE t ADD n float8 DEFAULT random() UNIQUE;",
        "INSERT INTO t VALUES ('x'), ('y');",
        uncertain="unknown",
    ),
    case(
        "key_using_index",
        "CREATE TABLE t (id int, a text); CREATE UNIQUE INDEX k ON t (id);",
        "ALTER TABLE t ADD PRIMARY KEY USING INDEX k;",
        "INSERT INTO t VALUES (1);",
        "INSERT INTO t VALUES (NULL);",
    ),
    case(
        "not_null_by_check",
        T,
        "ALTER TABLE t ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT n; ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t DROP CONSTRAINT n;",
        _a("'x'"),
        _a("NULL"),
    ),
    case("dropped_and_added", T, "ALTER TABLE t DROP a; ALTER TABLE t ADD a int NOT NULL;", "", _a("'x'")),
    case(
        "dropped_table", T, "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL);", _a("NULL")
    ),
    case(
        "swapped_tables",
        T + "CREATE TABLE u (id int PRIMARY KEY, a text);",
        "ALTER TABLE t RENAME TO z; ALTER TABLE u RENAME TO t; ALTER TABLE t ALTER a SET NOT NULL;",
        _a("NULL"),
        "INSERT INTO u VALUES (1, NULL);",
    ),
    case(
        "inherits",
        T + "CREATE TABLE kid (id int NOT NULL, a text, b int, r int4range);",
        "ALTER TABLE t ADD CHECK (b > 0); ALTER TABLE kid ADD CONSTRAINT t_b_check CHECK (b > 0); ALTER TABLE kid INHERIT t;",
        "INSERT INTO kid VALUES (1, 'x', 1);",
        "INSERT INTO kid VALUES (1, 'x', 0);",
    ),
    case(
        "cascading_delete",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, b int REFERENCES p ON DELETE SET NULL, a text);",
        "DELETE FROM p; ALTER TABLE t ALTER a SET NOT NULL;",
        "INSERT INTO t VALUES (1, NULL, NULL);",
        uncertain="may",
    ),
    case(
        "trigger_fills",
        T
        + "CREATE TABLE u (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE t SET a = 1; RETURN NEW; END'; CREATE TRIGGER k AFTER INSERT ON u FOR EACH ROW EXECUTE FUNCTION f();",
        "INSERT INTO u SELECT id FROM t; ALTER TABLE t ALTER a SET NOT NULL;",
        _a("NULL"),
        uncertain="may",
    ),
    case(
        "with_update",
        T,
        "WITH x AS (UPDATE t SET a = '' RETURNING 1) SELECT count(*) FROM x; ALTER TABLE t ALTER a SET NOT NULL;",
        _a("NULL"),
        uncertain="may",
    ),
    case(
        "other_table_written",
        T + "CREATE TABLE u (id int);",
        "INSERT INTO u VALUES (1); ALTER TABLE t ALTER a SET NOT NULL;",
        _a("'x'"),
        _a("NULL"),
    ),
    case(
        "long_names",
        'CREATE TABLE "Ta ble" ("I""d" int PRIMARY KEY, "select" text);',
        'ALTER TABLE "Ta ble" ALTER "select" SET NOT NULL; ALTER TABLE "Ta ble" ALTER "select" TYPE int USING "select"::int, ADD CHECK ("select" > 5);',
        """INSERT INTO "Ta ble" VALUES (1, '6');""",
        """INSERT INTO "Ta ble" VALUES (1, '5');""",
        """INSERT INTO "Ta ble" VALUES (1, NULL);""",
        """INSERT INTO "Ta ble" VALUES (1, 'x');""",
    ),
    case(
        "table_rebuilt",
        T,
        "CREATE TABLE n AS SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t; ALTER TABLE t ALTER a SET NOT NULL;",
        _a("'x'"),
    ),
    case(
        "mixed_types",
        T,
        "ALTER TABLE t ALTER b TYPE text, ALTER a SET DEFAULT 'x', ALTER b SET NOT NULL, ADD CHECK (b <> '3');",
        _b("1"),
        _b("3"),
        _b("NULL"),
    ),
    case(
        "default_of_type",
        T,
        "ALTER TABLE t ADD c timestamptz NOT NULL DEFAULT now(), ADD d int[] NOT NULL DEFAULT '{}', ADD CHECK (cardinality(d) > 0);",
        "",
        _b("1"),
    ),
)
CHECKS = (
    case("check", T, "ALTER TABLE t ADD CHECK (b > 0);", _b("1", "NULL"), _b("1", "0")),
    case("check_not_valid", T, "ALTER TABLE t ADD CHECK (b > 0) NOT VALID;", _b("0")),
    case("check_not_enforced", T, "ALTER TABLE t ADD CHECK (b > 0) NOT ENFORCED;", _b("0"), since=18),
    case(
        "validate_in_one_file",
        T,
        "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k;",
        _b("1"),
        _b("0"),
    ),
    case(
        "added_and_dropped",
        T,
        "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0); ALTER TABLE t DROP CONSTRAINT k;",
        _b("1"),
        _b("0"),
    ),
    case("check_raises", T, "ALTER TABLE t ADD CHECK (10 / b > 0);", _b("1"), _b("0"), _b("20")),
    case(
        "check_two_columns",
        T,
        "ALTER TABLE t ADD CHECK (length(a) > b), ADD CHECK (a <> 'x');",
        "INSERT INTO t VALUES (1, 'abc', 2);",
        "INSERT INTO t VALUES (1, 'abc', 5);",
        "INSERT INTO t VALUES (1, 'x', 0);",
    ),
    case(
        "check_calls_function",
        T + "CREATE FUNCTION ok(x int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT x > 0';",
        "ALTER TABLE t ADD CHECK (ok(b));",
        _b("1"),
        _b("0"),
        uncertain="unknown",
    ),
    case(
        "check_volatile",
        T,
        "ALTER TABLE t ADD CHECK (b > random() * 0);",
        _b("1"),
        _b("0"),
        uncertain="unknown",
    ),
    case(
        "check_on_parent",
        f"{T} CREATE TABLE kid () INHERITS (t);",
        "ALTER TABLE t ADD CHECK (b > 0);",
        "INSERT INTO kid (id, b) VALUES (1, 1);",
        "INSERT INTO kid (id, b) VALUES (1, 0);",
    ),
    case(
        "check_no_inherit",
        f"{T} CREATE TABLE kid () INHERITS (t);",
        "ALTER TABLE t ADD CHECK (b > 0) NO INHERIT;",
        "INSERT INTO kid (id, b) VALUES (1, 0);",
        "INSERT INTO t (id, b) VALUES (1, 0);",
    ),
    case(
        "not_null_only",
        f"{T} CREATE TABLE kid () INHERITS (t);",
        "ALTER TABLE t ALTER a SET NOT NULL;",
        "INSERT INTO kid (id, a) VALUES (1, 'x');",
        "INSERT INTO kid (id, a) VALUES (1, NULL);",
    ),
    case(
        "domain_check",
        "CREATE DOMAIN d AS int; CREATE TABLE t (id int PRIMARY KEY, b d, value int);",
        "ALTER DOMAIN d ADD CHECK (VALUE > 0);",
        _b("1"),
        _b("0"),
        _b("NULL"),
    ),
    case(
        "domain_not_valid",
        "CREATE DOMAIN d AS int; CREATE TABLE t (id int PRIMARY KEY, b d);",
        "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0) NOT VALID;",
        _b("0"),
    ),
    case(
        "domain_validate",
        "CREATE DOMAIN d AS int; CREATE TABLE t (id int PRIMARY KEY, b d); ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE < 5) NOT VALID;",
        "ALTER DOMAIN d VALIDATE CONSTRAINT k;",
        _b("1"),
        since=14,
    ),
    case(
        "domain_not_null",
        "CREATE DOMAIN d AS int; CREATE TABLE t (id int PRIMARY KEY, b d);",
        "ALTER DOMAIN d SET NOT NULL;",
        _b("1"),
        _b("NULL"),
    ),
    case(
        "domain_over_domain",
        "CREATE DOMAIN d0 AS int; CREATE DOMAIN d AS d0; CREATE TABLE t (id int PRIMARY KEY, b d);",
        "ALTER DOMAIN d0 ADD CHECK (VALUE > 0);",
        _b("1"),
        _b("0"),
    ),
    case(
        "column_of_domain",
        T,
        "CREATE DOMAIN d AS int CHECK (VALUE > 0); ALTER TABLE t ALTER b TYPE d;",
        _b("1"),
        _b("0"),
    ),
    case("new_column_of_domain", T, "CREATE DOMAIN d AS int NOT NULL; ALTER TABLE t ADD c d;", "", _b("1")),
    case(
        "new_column_domain_default",
        T,
        "CREATE DOMAIN d AS int DEFAULT 0 CHECK (VALUE > 0); ALTER TABLE t ADD c d;",
        "",
        _b("1"),
    ),
)
KEYS = (
    case("unique", T, "ALTER TABLE t ADD UNIQUE (a);", _a("'x'", "'y'", "NULL", "NULL"), _a("'x'", "'x'")),
    case(
        "unique_two",
        T,
        "CREATE UNIQUE INDEX ON t (a, b);",
        "INSERT INTO t VALUES (1, 'x', 1), (2, 'x', 2), (3, 'x', NULL), (4, 'x', NULL);",
        "INSERT INTO t VALUES (1, 'x', 1), (2, 'x', 1);",
    ),
    case(
        "unique_deferrable",
        T,
        "ALTER TABLE t ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED;",
        _a("'x'"),
        _a("'x'", "'x'"),
    ),
    case(
        "unique_include",
        T,
        "CREATE UNIQUE INDEX ON t (a) INCLUDE (b);",
        "INSERT INTO t VALUES (1, 'x', 1);",
        "INSERT INTO t VALUES (1, 'x', 1), (2, 'x', 2);",
    ),
    case(
        "unique_partial",
        T,
        "CREATE UNIQUE INDEX ON t (a) WHERE b > 0;",
        "INSERT INTO t VALUES (1, 'x', 0), (2, 'x', 1);",
        "INSERT INTO t VALUES (1, 'x', 1), (2, 'x', 1);",
    ),
    case("unique_expression", T, "CREATE UNIQUE INDEX ON t (lower(a));", _a("'x'", "'y'"), _a("'x'", "'X'")),
    case(
        "unique_nulls_equal",
        T,
        "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a);",
        _a("'x'", "NULL"),
        _a("NULL", "NULL"),
        since=15,
    ),
    case(
        "unique_collation", T, 'CREATE UNIQUE INDEX ON t (a COLLATE "C");', _a("'x'", "'X'"), _a("'x'", "'x'")
    ),
    case(
        "unique_concurrently",
        T,
        "CREATE UNIQUE INDEX CONCURRENTLY k ON t (a);",
        _a("'x'"),
        _a("'x'", "'x'"),
        block=False,
    ),
    case(
        "primary_key",
        "CREATE TABLE t (id int, a text);",
        "ALTER TABLE t ADD PRIMARY KEY (id);",
        "INSERT INTO t VALUES (1), (2);",
        "INSERT INTO t VALUES (NULL);",
        "INSERT INTO t VALUES (1), (1);",
    ),
    case(
        "unique_after_retype",
        "CREATE TABLE t (id int PRIMARY KEY, n numeric UNIQUE);",
        "ALTER TABLE t ALTER n TYPE int;",
        "INSERT INTO t VALUES (1, 1), (2, 2);",
        "INSERT INTO t VALUES (1, 1.1), (2, 1.2);",
    ),
    case("index_expression_raises", T, "CREATE INDEX ON t ((10 / b));", _b("1"), _b("0")),
    case("index_predicate_guards", T, "CREATE INDEX ON t ((10 / b)) WHERE b <> 0;", _b("1"), _b("0")),
    case(
        "index_row_too_long",
        T,
        "CREATE INDEX ON t (a);",
        _a("repeat('x', 2000)"),
        _a("(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 300) n)"),
    ),
    case(
        "materialized_unique",
        f"{T} CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t;",
        "CREATE UNIQUE INDEX ON m (a);",
        _a("'x'") + "REFRESH MATERIALIZED VIEW m;",
        _a("'x'", "'x'") + "REFRESH MATERIALIZED VIEW m;",
    ),
    case(
        "exclude_ranges",
        T,
        "ALTER TABLE t ADD EXCLUDE USING gist (r WITH &&);",
        _r("1, '[1,3)'", "1, '[3,5)'", "1, 'empty'", "1, 'empty'"),
        _r("1, '[1,9)'", "1, '[2,3)'", "1, '[4,5)'"),
    ),
    case(
        "exclude_expression",
        T,
        "ALTER TABLE t ADD EXCLUDE USING gist (int4range(b, b + 5) WITH &&);",
        _b("1", "6"),
        _b("1", "5"),
    ),
    case(
        "exclude_points",
        "CREATE TABLE t (id int PRIMARY KEY, c circle);",
        "ALTER TABLE t ADD EXCLUDE USING gist (c WITH &&);",
        "INSERT INTO t VALUES (1, '<(0,0),1>'), (2, '<(9,9),1>');",
        "INSERT INTO t VALUES (1, '<(0,0),1>'), (2, '<(0,1),1>');",
    ),
    case(
        "exclude_equal",
        T,
        "ALTER TABLE t ADD EXCLUDE USING btree (b WITH =);",
        _b("1", "2", "NULL", "NULL"),
        _b("1", "1"),
    ),
    case(
        "foreign_key",
        PARENT,
        "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p;",
        "INSERT INTO p VALUES (1);" + _b("1", "NULL"),
        _b("1"),
    ),
    case(
        "foreign_key_not_valid", PARENT, "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p NOT VALID;", _b("1")
    ),
    case(
        "foreign_key_validate",
        PARENT + "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES p NOT VALID;",
        "ALTER TABLE t VALIDATE CONSTRAINT k;",
        "INSERT INTO p VALUES (1);" + _b("1"),
    ),
    case(
        "foreign_key_text",
        PARENT,
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (code);",
        "INSERT INTO p VALUES (1, 'x');" + _a("'x'"),
        "INSERT INTO p VALUES (1, 'y');" + _a("'x'"),
    ),
    case(
        "foreign_key_to_self",
        T,
        "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES t;",
        "INSERT INTO t (id, b) VALUES (1, 1);",
        "INSERT INTO t (id, b) VALUES (1, 2);",
    ),
    case(
        "foreign_key_full",
        "CREATE TABLE p (x int, y int, PRIMARY KEY (x, y)); CREATE TABLE t (id int PRIMARY KEY, x int, y int);",
        "ALTER TABLE t ADD FOREIGN KEY (x, y) REFERENCES p MATCH FULL;",
        "INSERT INTO t VALUES (1, NULL, NULL);",
        "INSERT INTO t VALUES (1, NULL, 2);",
    ),
    case(
        "foreign_key_simple",
        "CREATE TABLE p (x int, y int, PRIMARY KEY (x, y)); CREATE TABLE t (id int PRIMARY KEY, x int, y int);",
        "ALTER TABLE t ADD FOREIGN KEY (x, y) REFERENCES p;",
        "INSERT INTO t VALUES (1, NULL, 2);",
        "INSERT INTO t VALUES (1, 1, 2);",
    ),
    case(
        "foreign_key_new_empty_table",
        T,
        "CREATE TABLE q (id int PRIMARY KEY); ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES q;",
        _b("NULL"),
        _b("1"),
    ),
    case(
        "foreign_key_new_filled_table",
        T,
        "CREATE TABLE q (id int PRIMARY KEY); INSERT INTO q SELECT DISTINCT b FROM t; ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES q;",
        _b("1"),
        uncertain="may",
    ),
    case(
        "foreign_key_new_column",
        PARENT,
        "ALTER TABLE t ADD c int DEFAULT 7 REFERENCES p;",
        "INSERT INTO p VALUES (7);" + _b("1"),
        _b("1"),
        "",
    ),
    case(
        "without_overlaps",
        "CREATE TABLE t (id int, r int4range NOT NULL);",
        "ALTER TABLE t ADD PRIMARY KEY (r WITHOUT OVERLAPS);",
        "",
        since=19,
    ),
)
CASTS = (
    case(
        "text_to_int",
        T,
        "ALTER TABLE t ALTER a TYPE int USING a::int;",
        _a("'1'", "NULL", "' 2 '"),
        _a("'1'", "'x'"),
    ),
    case(
        "text_to_uuid",
        T,
        "ALTER TABLE t ALTER a TYPE uuid USING a::uuid;",
        _a("'7f0c2b1e-0000-4000-8000-000000000001'"),
        _a("'x'"),
    ),
    case(
        "text_to_date_and_check",
        T,
        "ALTER TABLE t ALTER a TYPE date USING a::date, ADD CHECK (a > '2020-01-01');",
        _a("'2021-01-01'"),
        _a("'2019-01-01'"),
        _a("'soon'"),
    ),
    case(
        "text_to_numeric",
        T,
        "ALTER TABLE t ALTER a TYPE numeric(4,1) USING a::numeric(4,1);",
        _a("'1.25'"),
        _a("'12345'"),
    ),
    case(
        "text_to_enum",
        T,
        "CREATE TYPE mood AS ENUM ('ok', 'bad'); ALTER TABLE t ALTER a TYPE mood USING a::mood;",
        _a("'ok'"),
        _a("'fine'"),
    ),
    case(
        "text_to_enum_through",
        T,
        "CREATE TYPE mood AS ENUM ('ok', 'bad'); ALTER TABLE t ALTER a TYPE mood USING lower(a)::mood;",
        _a("'OK'"),
        _a("'fine'"),
    ),
    case(
        "text_to_old_enum",
        "CREATE TYPE mood AS ENUM ('ok', 'bad');" + T,
        "ALTER TABLE t ALTER a TYPE mood USING a::mood;",
        _a("'ok'"),
        _a("'fine'"),
    ),
    case(
        "enum_to_other_enum",
        "CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TABLE t (id int PRIMARY KEY, a mood);",
        "CREATE TYPE mood2 AS ENUM ('ok'); ALTER TABLE t ALTER a TYPE mood2 USING a::text::mood2;",
        _a("'ok'"),
        _a("'bad'"),
    ),
    case(
        "shorter_varchar", T, "ALTER TABLE t ALTER a TYPE varchar(3);", _a("'abc'", "'abc  '"), _a("'abcd'")
    ),
    case("varchar_using_cut", T, "ALTER TABLE t ALTER a TYPE varchar(3) USING a::varchar(3);", _a("'abcd'")),
    case(
        "varchar_using_other",
        T,
        "ALTER TABLE t ALTER a TYPE varchar(3) USING a || 'x';",
        _a("'ab'"),
        _a("'abc'"),
    ),
    case("char", T, "ALTER TABLE t ALTER a TYPE char(2);", _a("'ab'", "'a'"), _a("'abc'")),
    case("smallint", T, "ALTER TABLE t ALTER b TYPE smallint;", _b("32767", "NULL"), _b("32768")),
    case(
        "numeric_to_int",
        "CREATE TABLE t (id int PRIMARY KEY, n numeric);",
        "ALTER TABLE t ALTER n TYPE int;",
        "INSERT INTO t VALUES (1, 1.5);",
        "INSERT INTO t VALUES (1, 2147483647.5);",
        "INSERT INTO t VALUES (1, 'NaN');",
    ),
    case(
        "double_to_int",
        "CREATE TABLE t (id int PRIMARY KEY, n float8);",
        "ALTER TABLE t ALTER n TYPE int;",
        "INSERT INTO t VALUES (1, 1.5);",
        "INSERT INTO t VALUES (1, 1e10);",
        "INSERT INTO t VALUES (1, 'Infinity');",
    ),
    case(
        "narrower_numeric",
        "CREATE TABLE t (id int PRIMARY KEY, n numeric);",
        "ALTER TABLE t ALTER n TYPE numeric(4,2);",
        "INSERT INTO t VALUES (1, 99.994), (2, 'NaN');",
        "INSERT INTO t VALUES (1, 99.996);",
    ),
    case("wider", T, "ALTER TABLE t ALTER b TYPE bigint, ALTER a TYPE varchar;", _a("'x'")),
    case(
        "json_to_jsonb",
        "CREATE TABLE t (id int PRIMARY KEY, j json);",
        "ALTER TABLE t ALTER j TYPE jsonb;",
        """INSERT INTO t VALUES (1, '{"a": 1}');""",
        r"""INSERT INTO t VALUES (1, '{"a": "\u0000"}');""",
    ),
    case(
        "timestamp_to_date",
        "CREATE TABLE t (id int PRIMARY KEY, n timestamptz);",
        "ALTER TABLE t ALTER n TYPE date;",
        "INSERT INTO t VALUES (1, now());",
    ),
    case(
        "double_to_real",
        "CREATE TABLE t (id int PRIMARY KEY, n float8);",
        "ALTER TABLE t ALTER n TYPE real;",
        "INSERT INTO t VALUES (1, 1.5);",
        "INSERT INTO t VALUES (1, 1e300);",
    ),
    case(
        "bits",
        "CREATE TABLE t (id int PRIMARY KEY, n bit(4));",
        "ALTER TABLE t ALTER n TYPE bit(3);",
        "INSERT INTO t VALUES (1, B'1010');",
        "",
    ),
    case(
        "using_expression",
        T,
        "ALTER TABLE t ALTER a TYPE int USING (CASE WHEN a = 'none' THEN 0 ELSE substr(a, 2)::int END);",
        _a("'x1'", "'none'"),
        _a("'x1'", "'yy'"),
    ),
    case(
        "using_other_column",
        T,
        "ALTER TABLE t ALTER a TYPE int USING 100 / b;",
        "INSERT INTO t VALUES (1, 'x', 1);",
        "INSERT INTO t VALUES (1, 'x', 0);",
    ),
    case(
        "using_function",
        T + "CREATE FUNCTION f(x text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT x::int';",
        "ALTER TABLE t ALTER a TYPE int USING f(a);",
        _a("'1'"),
        _a("'x'"),
        uncertain="unknown",
    ),
    case(
        "retyped_and_renamed",
        T,
        'ALTER TABLE t ALTER a TYPE int USING a::int; ALTER TABLE t RENAME a TO "A b"; ALTER TABLE t ADD CHECK ("A b" > 3);',
        _a("'4'"),
        _a("'3'"),
        _a("'x'"),
    ),
    case(
        "retyped_twice",
        T,
        "ALTER TABLE t ALTER a TYPE int USING a::int; ALTER TABLE t ALTER a TYPE smallint;",
        _a("'4'"),
        _a("'70000'"),
    ),
    case(
        "text_array",
        T,
        "ALTER TABLE t ALTER a TYPE int[] USING string_to_array(a, ',')::int[];",
        _a("'1,2'"),
        _a("'1,x'"),
    ),
    case("bool", T, "ALTER TABLE t ALTER b TYPE boolean USING b::boolean;", _b("1", "0", "5")),
)
PARTED = "CREATE TABLE m (id int, k int) PARTITION BY {by}; CREATE TABLE t (id int, k int);"
PARTITIONS = (
    case(
        "attach_range",
        PARTED.format(by="RANGE (k)"),
        "ALTER TABLE m ATTACH PARTITION t FOR VALUES FROM (1) TO (10);",
        "INSERT INTO t VALUES (1, 1);",
        "INSERT INTO t VALUES (1, 10);",
        "INSERT INTO t VALUES (1, NULL);",
    ),
    case(
        "attach_list",
        PARTED.format(by="LIST (k)"),
        "ALTER TABLE m ATTACH PARTITION t FOR VALUES IN (1, NULL);",
        "INSERT INTO t VALUES (1, 1), (1, NULL);",
        "INSERT INTO t VALUES (1, 2);",
    ),
    case(
        "attach_hash",
        PARTED.format(by="HASH (k)"),
        "ALTER TABLE m ATTACH PARTITION t FOR VALUES WITH (MODULUS 2, REMAINDER 0);",
        "INSERT INTO t SELECT 1, k FROM generate_series(1, 9) k WHERE abs(hashint4extended(k, 8816678312871386365)) % 2 = 9;",
        "INSERT INTO t SELECT 1, k FROM generate_series(1, 9) k;",
    ),
    case(
        "attach_hash_to_new",
        "CREATE TABLE t (id int, k int);",
        "CREATE TABLE m (id int, k int) PARTITION BY HASH (k); ALTER TABLE m ATTACH PARTITION t FOR VALUES WITH (MODULUS 2, REMAINDER 0);",
        "INSERT INTO t SELECT 1, k FROM generate_series(1, 9) k;",
        uncertain="unknown",
    ),
    case(
        "attach_renamed",
        PARTED.format(by="RANGE (k)"),
        "ALTER TABLE t RENAME TO u; ALTER TABLE m ATTACH PARTITION u FOR VALUES FROM (1) TO (10);",
        "INSERT INTO t VALUES (1, 1);",
        "INSERT INTO t VALUES (1, 10);",
    ),
    case(
        "attach_unique",
        "CREATE TABLE m (id int, k int, UNIQUE (k)) PARTITION BY LIST (k); CREATE TABLE t (id int, k int);",
        "ALTER TABLE m ATTACH PARTITION t FOR VALUES IN (1, NULL);",
        "INSERT INTO t VALUES (1, 1);",
        "INSERT INTO t VALUES (1, 1), (2, 1);",
    ),
    case(
        "default_partition",
        PARTED.format(by="LIST (k)") + "ALTER TABLE m ATTACH PARTITION t DEFAULT;",
        "CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1);",
        "INSERT INTO m VALUES (1, 2);",
        "INSERT INTO m VALUES (1, 1);",
    ),
    case(
        "default_attached",
        PARTED.format(by="LIST (k)") + "CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1);",
        "ALTER TABLE m ATTACH PARTITION t DEFAULT;",
        "INSERT INTO t VALUES (1, 2);",
        "INSERT INTO t VALUES (1, 1);",
    ),
    case(
        "not_null_of_partitioned",
        PARTED.format(by="LIST (k)") + "ALTER TABLE m ATTACH PARTITION t DEFAULT;",
        "ALTER TABLE m ALTER id SET NOT NULL;",
        "INSERT INTO m VALUES (1, 2);",
        "INSERT INTO m VALUES (NULL, 1);",
    ),
    case(
        "check_of_partitioned",
        PARTED.format(by="LIST (k)") + "ALTER TABLE m ATTACH PARTITION t DEFAULT;",
        "ALTER TABLE m ADD CHECK (id > 0);",
        "INSERT INTO m VALUES (1, 2);",
        "INSERT INTO m VALUES (0, 1);",
    ),
    case(
        "unique_of_partitioned",
        PARTED.format(by="LIST (k)") + "ALTER TABLE m ATTACH PARTITION t DEFAULT;",
        "CREATE UNIQUE INDEX ON m (k);",
        "INSERT INTO m VALUES (1, 2);",
        "INSERT INTO m VALUES (0, 1), (1, 1);",
    ),
    case(
        "cast_of_partitioned",
        "CREATE TABLE m (k int, a text) PARTITION BY LIST (k); CREATE TABLE t PARTITION OF m DEFAULT;",
        "ALTER TABLE m ALTER a TYPE int USING a::int;",
        "INSERT INTO m VALUES (1, '2');",
        "INSERT INTO m VALUES (0, 'x');",
    ),
    case(
        "key_of_partitioned",
        "CREATE TABLE p (id int PRIMARY KEY);"
        + PARTED.format(by="LIST (k)")
        + "ALTER TABLE m ATTACH PARTITION t DEFAULT;",
        "ALTER TABLE m ADD FOREIGN KEY (id) REFERENCES p;",
        "INSERT INTO p VALUES (1); INSERT INTO m VALUES (1, 2);",
        "INSERT INTO m VALUES (1, 1);",
    ),
    case(
        "attach_with_key",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE m (id int REFERENCES p, k int) PARTITION BY LIST (k); CREATE TABLE t (id int, k int);",
        "ALTER TABLE m ATTACH PARTITION t DEFAULT;",
        "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 2);",
        "INSERT INTO t VALUES (1, 1);",
    ),
    case(
        "attached_then_checked",
        PARTED.format(by="LIST (k)"),
        "ALTER TABLE m ATTACH PARTITION t DEFAULT; ALTER TABLE m ADD CHECK (id > 0);",
        "INSERT INTO t VALUES (1, 2);",
        "INSERT INTO t VALUES (0, 1);",
        uncertain="unknown",
    ),
)
REFERRED = "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE t (id int PRIMARY KEY, b int REFERENCES p);"
MORE_PARTITIONS = (
    case(
        "partition_of_referred",
        REFERRED,
        "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);",
        "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1);",
    ),
    case(
        "attached_to_referred",
        REFERRED + "CREATE TABLE p2 (id int NOT NULL);",
        "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2);",
        "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1); INSERT INTO p2 VALUES (2);",
        "INSERT INTO p2 VALUES (3);",
        "INSERT INTO p2 VALUES (2), (2);",
    ),
    case(
        "refers_to_partitioned",
        "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE t (id int PRIMARY KEY, b int);",
        "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p;",
        "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1);",
        "INSERT INTO t VALUES (1, 1);",
    ),
    case(
        "attach_partitioned",
        "CREATE TABLE m (id int, k int) PARTITION BY LIST (k); CREATE TABLE t (id int, k int) PARTITION BY LIST (id); CREATE TABLE t1 PARTITION OF t DEFAULT;",
        "ALTER TABLE m ATTACH PARTITION t FOR VALUES IN (1);",
        "INSERT INTO t VALUES (1, 1);",
        "INSERT INTO t VALUES (1, 2);",
    ),
    case(
        "default_is_partitioned",
        "CREATE TABLE m (id int, k int) PARTITION BY LIST (k); CREATE TABLE t PARTITION OF m DEFAULT PARTITION BY LIST (id); CREATE TABLE t1 PARTITION OF t DEFAULT;",
        "CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1);",
        "INSERT INTO m VALUES (1, 2);",
        "INSERT INTO m VALUES (1, 1);",
    ),
    case(
        "retyped_checked_column",
        "CREATE TABLE t (id int PRIMARY KEY, n numeric CHECK (n > 0.5));",
        "ALTER TABLE t ALTER n TYPE int;",
        "INSERT INTO t VALUES (1, 1);",
        "INSERT INTO t VALUES (1, 0.6);",
    ),
    case(
        "retyped_to_zero",
        "CREATE TABLE t (id int PRIMARY KEY, n numeric CHECK (n > 0));",
        "ALTER TABLE t ALTER n TYPE int;",
        "INSERT INTO t VALUES (1, 1);",
        "INSERT INTO t VALUES (1, 0.4);",
    ),
    case(
        "retyped_key",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, b int REFERENCES p);",
        "ALTER TABLE t ALTER b TYPE bigint;",
        "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1);",
    ),
    case(
        "detached_then_strict",
        "CREATE TABLE m (id int, k int) PARTITION BY LIST (k); CREATE TABLE t PARTITION OF m DEFAULT;",
        "ALTER TABLE m DETACH PARTITION t; ALTER TABLE t ALTER id SET NOT NULL;",
        "INSERT INTO m VALUES (1, 1);",
        "INSERT INTO m VALUES (NULL, 1);",
    ),
    case(
        "inherit_unique",
        T + "CREATE TABLE kid (UNIQUE (a)) INHERITS (t);",
        "ALTER TABLE t ALTER a TYPE varchar(3);",
        "INSERT INTO kid (id, a) VALUES (1, 'abc');",
        "INSERT INTO kid (id, a) VALUES (1, 'abcd');",
    ),
    case("gin_expression", T, "CREATE INDEX ON t USING gin ((a::jsonb));", _a("'{}'"), _a("'x'")),
    case(
        "timestamp_texts",
        T,
        "ALTER TABLE t ALTER a TYPE timestamptz USING a::timestamptz;",
        _a("'2020-01-01'"),
        _a("'2020-13-01'"),
    ),
    case(
        "to_date",
        T,
        "ALTER TABLE t ALTER a TYPE date USING to_date(a, 'YYYY-MM-DD');",
        _a("'2020-01-01'"),
        _a("'2020-13-01'"),
    ),
)
DOMAINS = (
    case(
        "using_domain",
        T,
        "CREATE DOMAIN d AS int CHECK (VALUE > 0); ALTER TABLE t ALTER a TYPE d USING a::d;",
        _a("'1'"),
        _a("'0'"),
        _a("'x'"),
    ),
    case(
        "using_domain_cuts",
        T,
        "CREATE DOMAIN d AS varchar(3) CHECK (VALUE <> 'abc'); ALTER TABLE t ALTER a TYPE d USING a::d;",
        _a("'xyzw'"),
        _a("'abcd'"),
    ),
    case(
        "check_casts_to_domain",
        "CREATE DOMAIN d AS int CHECK (VALUE > 0);" + T,
        "ALTER TABLE t ADD CHECK (b::d < 9);",
        _b("1"),
        _b("0"),
        uncertain="unknown",
    ),
    case(
        "enum_in_check",
        "CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TABLE t (id int PRIMARY KEY, a mood);",
        "ALTER TABLE t ADD CHECK (a <> 'bad');",
        _a("'ok'"),
        _a("'bad'"),
    ),
    case(
        "enum_unique_new_value",
        "CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TABLE t (id int PRIMARY KEY, a mood);",
        "ALTER TABLE t ADD UNIQUE (a);",
        _a("'ok'"),
        _a("'ok'", "'ok'"),
    ),
    case(
        "domain_array",
        "CREATE DOMAIN d AS int; CREATE TABLE t (id int PRIMARY KEY, b int);",
        "CREATE DOMAIN da AS int[] CHECK (cardinality(VALUE) < 2); ALTER TABLE t ADD c da DEFAULT '{1,2}';",
        "",
        _b("1"),
    ),
)
EXTENDED = (
    case(
        "period_key",
        "CREATE TABLE t (id int4range, r daterange);",
        "ALTER TABLE t ADD UNIQUE (id, r WITHOUT OVERLAPS);",
        "INSERT INTO t VALUES ('[1,2)', '[2020-01-01,2020-02-01)'), ('[1,2)', '[2020-02-01,2020-03-01)');",
        "INSERT INTO t VALUES ('[1,2)', '[2020-01-01,2020-02-01)'), ('[1,2)', '[2020-01-15,2020-03-01)');",
        since=18,
    ),
)
FAMILIES = {
    "more columns": MORE_COLUMNS,
    "columns": COLUMNS,
    "checks": CHECKS,
    "keys": KEYS,
    "casts": CASTS,
    "partitions": PARTITIONS,
    "more partitions": MORE_PARTITIONS,
    "domains": DOMAINS,
    "extended": EXTENDED,
}
