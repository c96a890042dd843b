"""For each rule: SQL that it must find, with line and column, and SQL that it must not."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """SQL in which a rule finds something at one place."""

    code: str
    text: str
    place: tuple[int, int]
    """Line and column, 1-based."""
    also: tuple[str, ...] = ()
    """What other rules find in it."""


def _tx(*statements: str) -> str:
    return "\n".join(["BEGIN;", *statements, "COMMIT;"])


_ASKS = "DO $x$ BEGIN RAISE '{} {}' USING ERRCODE = 'dependent_objects_still_exist'; END $x$;"

FOUND = (
    Case("index-not-concurrent", _tx("CREATE INDEX a ON t (b);"), (2, 1)),
    Case("index-not-concurrent", "create unique index on app.t using btree (lower(b)) where c", (1, 1)),
    Case("index-not-concurrent", _tx("CREATE TABLE u (a int);", "CREATE INDEX a ON t (b);"), (3, 1)),
    Case("index-not-concurrent", _tx('CREATE INDEX IF NOT EXISTS "A b" ON ONLY_T (b);'), (2, 1)),
    Case(
        "index-not-concurrent",
        "CREATE INDEX CONCURRENTLY ON u (a);\n" + _tx("CREATE INDEX ON t (b);"),
        (3, 1),
    ),
    Case("index-not-concurrent", _tx("SELECT f(b);", "CREATE INDEX ON t (b);"), (3, 1)),
    Case(
        "index-not-concurrent",
        _tx("CREATE TABLE u (b int);", "CREATE INDEX ON u (b);", "CREATE INDEX ON t (b);"),
        (4, 1),
    ),
    Case("index-not-concurrent", _tx("CREATE INDEX j ON t;"), (2, 1)),
    Case("index-if-not-exists", "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON t (b);", (1, 27)),
    Case("index-if-not-exists", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a ON t (b);", (1, 34)),
    Case(
        "index-if-not-exists",
        "DROP INDEX CONCURRENTLY IF EXISTS other;\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a ON t (b);",
        (2, 27),
    ),
    Case("reindex-not-concurrent", "REINDEX TABLE t;", (1, 1)),
    Case("reindex-not-concurrent", _tx("CREATE TABLE t (a int);") + "\nREINDEX SCHEMA t;", (4, 1)),
    Case("reindex-not-concurrent", "REINDEX (VERBOSE) INDEX app.i;", (1, 1)),
    Case("reindex-not-concurrent", "REINDEX (CONCURRENTLY off) TABLE t;", (1, 1)),
    Case(
        "foreign-key-scans", _tx("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (id);"), (2, 15)
    ),
    Case("foreign-key-scans", _tx("ALTER TABLE t", "  ADD FOREIGN KEY (a) REFERENCES u;"), (3, 3)),
    Case(
        "foreign-key-scans",
        _tx("ALTER TABLE t ADD COLUMN a int DEFAULT 1 REFERENCES u;"),
        (2, 42),
        ("foreign-key-without-index",),
    ),
    Case("check-scans", _tx("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);"), (2, 15)),
    Case("check-scans", _tx("ALTER TABLE t ADD CHECK (a > 0) NO INHERIT;"), (2, 15)),
    Case("check-scans", _tx("ALTER TABLE t ADD COLUMN a int CHECK (a > 0);"), (2, 32)),
    Case("check-scans", _tx("ALTER TABLE t ADD a int DEFAULT 1 CONSTRAINT c CHECK (a > 0);"), (2, 48)),
    Case(
        "check-scans",
        _tx("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);", "ALTER TABLE t VALIDATE CONSTRAINT c;"),
        (2, 15),
    ),
    Case("not-null-scans", _tx("ALTER TABLE t ALTER COLUMN a SET NOT NULL;"), (2, 15)),
    Case("not-null-scans", _tx('ALTER TABLE ONLY app."T" ADD b int, ALTER "A" SET NOT NULL;'), (2, 37)),
    Case(
        "not-null-scans",
        _tx(
            "ALTER TABLE t ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID;",
            "ALTER TABLE t ALTER a SET NOT NULL;",
        ),
        (3, 15),
    ),
    Case(  # another column's CHECK does not help
        "not-null-scans",
        "\n".join(
            (
                _tx("ALTER TABLE t ADD CONSTRAINT n CHECK (b IS NOT NULL) NOT VALID;"),
                _tx("ALTER TABLE t VALIDATE CONSTRAINT n;"),
                _tx("ALTER TABLE t ALTER a SET NOT NULL;"),
            )
        ),
        (8, 15),
    ),
    Case("constraint-builds-index", _tx("ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, b);"), (2, 15)),
    Case("constraint-builds-index", _tx("ALTER TABLE t ADD PRIMARY KEY (id);"), (2, 15)),
    Case("constraint-builds-index", _tx("ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a);"), (2, 15)),
    Case("constraint-builds-index", _tx("ALTER TABLE t ADD COLUMN a int UNIQUE;"), (2, 15)),
    Case("constraint-builds-index", _tx("ALTER TABLE t ADD EXCLUDE USING gist (a WITH &&);"), (2, 15)),
    Case(
        "validate-in-same-transaction",
        _tx(
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;", "ALTER TABLE t VALIDATE CONSTRAINT c;"
        ),
        (3, 15),
    ),
    Case(
        "validate-in-same-transaction",
        _tx("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT c;"),
        (2, 57),
    ),
    Case("column-rewrites", _tx("ALTER TABLE t ADD COLUMN id uuid DEFAULT gen_random_uuid();"), (2, 26)),
    Case(
        "column-rewrites",
        _tx("ALTER TABLE t ADD COLUMN IF NOT EXISTS a float DEFAULT 1 + random();"),
        (2, 40),
    ),
    Case("column-rewrites", _tx("ALTER TABLE t ADD id bigserial;"), (2, 19)),
    Case("column-rewrites", _tx("ALTER TABLE t ADD id bigserial NOT NULL;"), (2, 19)),
    Case("column-rewrites", _tx("ALTER TABLE t ADD id int NOT NULL GENERATED ALWAYS AS IDENTITY;"), (2, 19)),
    Case("column-rewrites", _tx("ALTER TABLE t ADD b int NOT NULL GENERATED ALWAYS AS (1) STORED;"), (2, 19)),
    Case("column-rewrites", _tx("ALTER TABLE t ADD id bigint GENERATED BY DEFAULT AS IDENTITY;"), (2, 19)),
    Case("column-rewrites", _tx("ALTER TABLE t ADD b int GENERATED ALWAYS AS (a * 2) STORED;"), (2, 19)),
    Case("column-rewrites", _tx("ALTER TABLE t ADD n bigint DEFAULT pg_catalog.nextval('s');"), (2, 19)),
    Case("column-not-null", _tx("ALTER TABLE t ADD COLUMN a text NOT NULL;"), (2, 26)),
    Case(
        "column-not-null",
        _tx("ALTER TABLE t ADD b int, ADD a numeric(10, 2) CHECK (a > 0) NOT NULL;"),
        (2, 30),
        ("check-scans",),
    ),
    Case("column-not-null", _tx("ALTER TABLE t ADD a int DEFAULT NULL NOT NULL;"), (2, 19)),
    Case("type-rewrites", _tx("ALTER TABLE t ALTER COLUMN a TYPE bigint;"), (2, 15)),
    Case("type-rewrites", _tx("ALTER TABLE t ALTER a SET DATA TYPE uuid USING a::uuid;"), (2, 15)),
    Case("type-rewrites", _tx("ALTER TABLE t ALTER a TYPE double precision, ADD b int;"), (2, 15)),
    Case("refresh-not-concurrent", _tx("REFRESH MATERIALIZED VIEW app.v;"), (2, 1)),
    Case("table-rewrites", "VACUUM FULL t;", (1, 1)),
    Case("table-rewrites", "VACUUM (ANALYZE, FULL) t;", (1, 1)),
    Case("table-rewrites", _tx("CLUSTER t USING i;"), (2, 1)),
    Case("table-rewrites", _tx("ALTER TABLE t SET UNLOGGED;"), (2, 15)),
    Case("table-rewrites", _tx("ALTER TABLE t SET TABLESPACE fast;"), (2, 15)),
    Case("table-rewrites", _tx("ALTER TABLE t SET ACCESS METHOD columnar;"), (2, 15)),
    Case("lock-table", _tx("LOCK TABLE t;"), (2, 1)),
    Case("lock-table", _tx("LOCK t IN SHARE MODE;"), (2, 1)),
    Case("lock-table", _tx("LOCK t IN EXCLUSIVE MODE;"), (2, 1)),
    Case("lock-table", _tx("CREATE TABLE a (b int);", "LOCK a *, a *, t;"), (3, 1)),
    Case("lock-table", _tx("LOCK ONLY a, b IN SHARE ROW EXCLUSIVE MODE;"), (2, 1)),
    Case("whole-table-write", _tx("UPDATE t SET a = 1;"), (2, 1)),
    Case("whole-table-write", _tx("UPDATE t SET a = (SELECT b FROM u WHERE u.id = t.id);"), (2, 1)),
    Case("whole-table-write", _tx("UPDATE t SET a = 'where', wherever = 2;"), (2, 1)),
    Case("whole-table-write", _tx("DELETE FROM ONLY app.t;"), (2, 1)),
    Case(
        "foreign-key-without-index",
        _tx("CREATE TABLE t (id int PRIMARY KEY, a int REFERENCES u (id));"),
        (2, 43),
    ),
    Case(
        "foreign-key-without-index",
        _tx("CREATE TABLE t (a int, b int, UNIQUE (b, a), FOREIGN KEY (a) REFERENCES u (id));"),
        (2, 46),
    ),
    Case("foreign-key-without-index", _tx("ALTER TABLE t ADD COLUMN a int REFERENCES u;"), (2, 32)),
    Case(
        "foreign-key-without-index",
        _tx("CREATE TABLE t (a int);", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u;"),
        (3, 19),
    ),
    Case("foreign-key-without-index", _tx("ALTER TABLE t ADD a int DEFAULT NULL REFERENCES u;"), (2, 38)),
    Case("rename-table", _tx("ALTER TABLE app.t RENAME TO u;"), (2, 19)),
    Case("rename-column", _tx("ALTER TABLE t RENAME COLUMN a TO b;"), (2, 15)),
    Case("rename-column", _tx("ALTER TABLE t RENAME a TO b;"), (2, 15)),
    Case("rename-column", _tx("ALTER TABLE t ADD c int;", "ALTER TABLE t RENAME a TO b;"), (3, 15)),
    Case(
        "rename-column",
        _tx("ALTER TABLE u ADD a int;", "ALTER TABLE t RENAME a TO b;"),
        (3, 15),
        ("several-tables",),
    ),
    Case(
        "rename-column",
        _tx("SELECT 't a dependent_objects_still_exist';", "ALTER TABLE t RENAME a TO b;"),
        (3, 15),
    ),
    Case("rename-column", _tx(_ASKS.format("other", "a"), "ALTER TABLE t RENAME a TO b;"), (3, 15)),
    Case("rename-column", _tx(_ASKS.format("t", "other"), "ALTER TABLE t RENAME a TO b;"), (3, 15)),
    Case("rename-column", _tx("DO $x$ t, a $x$;", "ALTER TABLE t RENAME a TO b;"), (3, 15)),
    Case("rename-column", _tx(_ASKS.format("t", "a")) + "\n" + _tx("ALTER TABLE t RENAME a TO b;"), (5, 15)),
    Case("drop-column", _tx("ALTER TABLE t DROP COLUMN IF EXISTS a;"), (2, 15)),
    Case("drop-column", _tx('ALTER TABLE t ADD b int, DROP "A";'), (2, 26)),
    Case(
        "drop-column",
        _tx("ALTER TABLE u ADD a int;", "ALTER TABLE t DROP a;"),
        (3, 15),
        ("several-tables",),
    ),
    Case("drop-table", _tx("DROP TABLE IF EXISTS app.t;"), (2, 1)),
    Case("drop-cascade", _tx("DROP VIEW v CASCADE;"), (2, 13)),
    Case("drop-cascade", _tx("ALTER TABLE t DROP CONSTRAINT c CASCADE;"), (2, 33)),
    Case("missing-object", _tx("ALTER TABLE t RENAME TO t_dropped;", "DELETE FROM t WHERE a;"), (3, 13)),
    Case("missing-column", _tx("CREATE TABLE t (a int);", "CREATE INDEX ON t (b);"), (3, 20)),
    Case("truncate", _tx("TRUNCATE TABLE t;"), (2, 1)),
    Case("truncate", _tx("TRUNCATE app.t RESTART IDENTITY;"), (2, 1)),
    Case(
        "enum-value-used",
        _tx("ALTER TYPE s ADD VALUE 'new';", "INSERT INTO t (s) VALUES ('new');"),
        (3, 27),
    ),
    Case(
        "enum-value-used",
        "ALTER TYPE app.s ADD VALUE IF NOT EXISTS 'it''s' BEFORE 'x';\nUPDATE t SET a = 'it''s' WHERE b;",
        (2, 18),
        ("no-transaction",),
    ),
    *(
        Case("enum-value-used", _tx("ALTER TYPE s ADD VALUE 'new';", text), (3, column), also)
        for text, column, also in (
            ("DELETE FROM t WHERE s = 'new';", 25, ()),
            ("SELECT 'new'::s;", 8, ()),
            ("MERGE INTO t USING u ON t.s = 'new' WHEN MATCHED THEN DO NOTHING;", 31, ()),
            ("ALTER TABLE t ALTER s SET DEFAULT 'new';", 35, ()),
        )
    ),
    Case(
        "enum-value-used",
        _tx("CREATE TYPE other AS ENUM ('a');", "ALTER TYPE s ADD VALUE 'new';", "SELECT 'new'::s;"),
        (4, 8),
    ),
    Case("set-leaks", _tx("SET lock_timeout = '5s';"), (2, 1)),
    Case("set-leaks", "SELECT pg_catalog.set_config('search_path', '', false);", (1, 1)),
    Case("set-leaks", _tx("SET SESSION app.user = 'x';", "RESET other;"), (2, 1)),
    Case("set-leaks", _tx("SET LOCAL lock_timeout = '1s';", "SET statement_timeout = 0;"), (3, 1)),
    Case("set-leaks", _tx("SET a.b = 1;", "SET c.d = 2;", "RESET a.d;"), (2, 1)),
    Case("set-leaks", _tx("SET a = 1;", "SET b = 2;", "SET a = 3;", "RESET;", "SET;"), (2, 1)),
    Case("long-identifier", _tx(f"CREATE TABLE {'a' * 64} (b int);"), (2, 14)),
    Case("long-identifier", _tx(f"COMMENT ON TABLE {'a' * 64} IS 'x';"), (2, 18)),
    Case("long-identifier", _tx(f"DROP VIEW {'a' * 64};"), (2, 11)),
    Case("long-identifier", _tx(f'CREATE TABLE "{"ä" * 32}" (b int);'), (2, 14)),
    Case("long-identifier", _tx(f'ALTER TABLE t ADD "{"a b " * 16}" int;'), (2, 19)),
    Case("no-transaction", "CREATE TABLE a (b int);\nCREATE TABLE c (d int);", (1, 1)),
    Case(
        "several-tables",
        _tx(
            "ALTER TABLE u ADD CONSTRAINT c CHECK (a > 0) NOT VALID;", "ALTER TABLE t VALIDATE CONSTRAINT c;"
        ),
        (3, 1),
    ),
    Case(
        "several-tables",
        _tx("ALTER TABLE a ADD b int;", "ALTER TABLE a ADD c int;", "ALTER TABLE d ADD e int;"),
        (4, 1),
    ),
)
"""All rules that need only one file; test_conditions.py has those that need several."""

NOT_FOUND = (
    # indexes
    "CREATE INDEX CONCURRENTLY a ON t (b);",
    _tx("CREATE INDEX a ON ONLY t (b);"),
    "CREATE INDEX CONCURRENTLY ON t_1 (a, lower(b));\n" + _tx("CREATE INDEX a ON t (a, lower(b));"),
    _tx("CREATE TABLE t (b int);", "CREATE INDEX ON t (b);"),
    _tx("CREATE TABLE app.t (b int);", "ALTER TABLE app.t RENAME TO u;", "CREATE INDEX ON app.u (b);"),
    _tx("CREATE TEMP TABLE t AS SELECT 1 AS b;", "CREATE INDEX ON t (b);"),
    _tx("CREATE MATERIALIZED VIEW v AS SELECT 1 AS b WITH NO DATA;", "CREATE UNIQUE INDEX ON v (b);"),
    _tx("SELECT 1 AS b INTO t;", "CREATE INDEX ON t (b);"),
    _tx("ALTER INDEX i ATTACH PARTITION j;"),
    "DROP INDEX CONCURRENTLY IF EXISTS a;\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a ON t (b);",
    "REINDEX TABLE CONCURRENTLY t;",
    "REINDEX (CONCURRENTLY) INDEX i;",
    "REINDEX SYSTEM;",
    _tx("CREATE TABLE t (a int);", "REINDEX TABLE t;"),
    # constraints
    _tx("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (id) NOT VALID;"),
    _tx(
        "CREATE TABLE t (a int);",
        "CREATE INDEX ON t (a);",
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (id);",
    ),
    _tx("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;"),
    _tx("ALTER TABLE t ADD COLUMN a int CONSTRAINT n NULL DEFAULT 1;"),
    _tx("ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i;"),
    _tx("ALTER TABLE t ADD CONSTRAINT u PRIMARY KEY USING INDEX i;"),
    _tx("ALTER TABLE t ALTER a DROP NOT NULL;"),
    "\n".join(
        (
            _tx("ALTER TABLE t ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID;"),
            _tx("ALTER TABLE t VALIDATE CONSTRAINT n;"),
            _tx("ALTER TABLE t ALTER a SET NOT NULL;", "ALTER TABLE t DROP CONSTRAINT n;"),
        )
    ),
    "CREATE INDEX CONCURRENTLY i ON t (a);\n"
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT c;",
    _tx("ALTER TABLE t VALIDATE CONSTRAINT unknown;", "ALTER TABLE t ALTER a SET NOT NULL;"),
    _tx("CREATE TABLE t (a int);", "ALTER TABLE t ALTER a SET NOT NULL, ADD UNIQUE (a), ADD CHECK (a > 0);"),
    _tx(
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;", "ALTER TABLE t VALIDATE CONSTRAINT other;"
    ),
    # columns
    _tx("ALTER TABLE t ADD COLUMN a timestamptz NOT NULL DEFAULT now();"),
    _tx("ALTER TABLE t ADD a text NOT NULL DEFAULT lower('RANDOM()');"),
    _tx("ALTER TABLE t ADD a uuid DEFAULT '00000000-0000-0000-0000-000000000000';"),
    _tx("ALTER TABLE t ADD a uuid;", "ALTER TABLE t ALTER a SET DEFAULT gen_random_uuid();"),
    _tx("ALTER TABLE t ADD a my_domain NULL;"),
    _tx("ALTER TABLE t ALTER a ADD GENERATED BY DEFAULT AS IDENTITY;"),
    _tx("ALTER TABLE t ALTER a TYPE text;"),
    _tx("ALTER TABLE t ALTER a TYPE varchar(200), ALTER b TYPE numeric(20, 2), ALTER c TYPE timestamptz;"),
    _tx("ALTER TABLE t ALTER a TYPE status USING a::text::status;"),
    _tx("CREATE TABLE t (a int);", "ALTER TABLE t ALTER a TYPE bigint;"),
    _tx("ALTER TYPE c ALTER ATTRIBUTE a TYPE bigint;"),
    # maintenance
    "REFRESH MATERIALIZED VIEW CONCURRENTLY v;",
    _tx("REFRESH MATERIALIZED VIEW v WITH NO DATA;"),
    _tx("CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA;", "REFRESH MATERIALIZED VIEW v;"),
    "VACUUM t;",
    "VACUUM (FULL off, ANALYZE) t;",
    _tx("LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE;"),
    _tx("LOCK TABLE t NOWAIT;"),
    _tx("CREATE TABLE t (a int);", "LOCK TABLE t *, ONLY t;"),
    "CREATE TABLE t (a int);\nVACUUM FULL FREEZE VERBOSE ANALYZE t;\nVACUUM FULL ANALYSE t;",
    _tx("CREATE TABLE t (a int);", "CLUSTER VERBOSE t USING i;", "CLUSTER (VERBOSE) t USING i;"),
    _tx("ALTER TABLE t SET (fillfactor = 70);"),
    # rows
    _tx("UPDATE t SET a = 1 WHERE b;"),
    _tx("UPDATE t SET a = 'x', \"b\" = 2 FROM u WHERE t.id = u.id;"),
    _tx("WITH x AS (UPDATE t SET a = 1 WHERE b RETURNING 1) SELECT count(*) FROM x;"),
    _tx("CREATE TABLE t AS SELECT 1 AS a;", "UPDATE t SET a = 2;", "DELETE FROM t;"),
    _tx("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2;"),
    _tx("CREATE TABLE t AS SELECT 1 AS a;", "UPDATE ONLY t SET a = 2;"),
    # foreign keys
    _tx("CREATE TABLE t (a int, CHECK (a IS NOT NULL));"),
    _tx("CREATE TABLE t (a int PRIMARY KEY REFERENCES u (id));"),
    _tx("CREATE TABLE t (a int, b int, PRIMARY KEY (b, a), FOREIGN KEY (a, b) REFERENCES u (id, x));"),
    _tx("CREATE TABLE t (a int REFERENCES u (id), b int);", "CREATE INDEX ON t (a, b);"),
    _tx("CREATE TABLE t (LIKE s INCLUDING ALL, FOREIGN KEY (a) REFERENCES u (id));"),
    _tx("CREATE TABLE t PARTITION OF p (FOREIGN KEY (a) REFERENCES u (id)) FOR VALUES IN (1);"),
    # tables
    _tx("ALTER TABLE t RENAME TO u;", "CREATE VIEW t AS SELECT * FROM u;"),
    _tx(
        "ALTER TABLE app.t RENAME COLUMN a TO b;",
        "ALTER TABLE app.t RENAME TO t_base;",
        "CREATE OR REPLACE VIEW app.t AS SELECT *, b AS a FROM app.t_base;",
    ),
    _tx("DROP VIEW t;", "ALTER TABLE t_base RENAME TO t;"),
    _tx("ALTER TABLE t RENAME CONSTRAINT a TO b;"),
    _tx("ALTER INDEX i RENAME TO j;"),
    _tx("ALTER TABLE t RENAME a TO a_dropped_20260101;"),
    _tx(_ASKS.format("t", "a"), "ALTER TABLE t RENAME a TO b;"),
    _tx("ALTER TABLE t RENAME a TO a_old;", "ALTER TABLE t RENAME a_new TO a;"),
    _tx("CREATE TABLE t (a int);", "ALTER TABLE t RENAME a TO b;", "ALTER TABLE t DROP b;", "DROP TABLE t;"),
    _tx("ALTER TABLE t DROP CONSTRAINT c;"),
    _tx("ALTER TABLE t DROP COLUMN a_dropped, DROP b_old;"),
    _tx("ALTER TABLE t ADD a int;", "ALTER TABLE t DROP a;"),
    _tx("DROP TABLE trash.t;"),
    _tx("DROP TABLE app.t_dropped;"),
    _tx("DROP VIEW v RESTRICT;", "DROP FUNCTION f(cascade int);"),
    _tx("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u ON DELETE CASCADE NOT VALID;"),
    _tx("CREATE TABLE t (a int);", "TRUNCATE t;", "DROP TABLE t CASCADE;"),
    # enums
    _tx("ALTER TYPE s ADD VALUE 'new';", "COMMENT ON TYPE s IS 'new';"),
    _tx("ALTER TYPE s ADD VALUE 'new';", "ALTER TYPE s ADD VALUE 'newer' AFTER 'new';"),
    _tx("ALTER TYPE s ADD VALUE 'new';") + "\n" + _tx("INSERT INTO t (s) VALUES ('new');"),
    _tx("CREATE TYPE s AS ENUM ('a');", "ALTER TYPE s ADD VALUE 'new';", "INSERT INTO t (s) VALUES ('new');"),
    "ALTER TYPE s ADD VALUE 'new';\nCREATE INDEX CONCURRENTLY i ON t (a);\nSELECT 'new'::s;",
    _tx("ALTER TYPE s ADD VALUE 'new';", 'UPDATE t SET new = 1 WHERE "new";'),
    # session
    _tx("SET LOCAL lock_timeout = '5s';", "SET CONSTRAINTS ALL DEFERRED;"),
    "SET statement_timeout = 0;\nCREATE INDEX CONCURRENTLY i ON t (a);\nRESET statement_timeout;",
    _tx("SET a.b = 'x';", "RESET ALL;"),
    _tx("SELECT set_config('a.b', 'x', true);"),
    _tx("SET a.b = 'x';", "RESET a.b;"),
    _tx("SET a.b TO DEFAULT;", "SET lock_timeout = DEFAULT;"),
    _tx("SET SESSION a.b = 'x';", "SET a.b TO DEFAULT;"),
    _tx("SET SESSION lock_timeout = '5s';", "SET SESSION lock_timeout TO DEFAULT;"),
    "SET statement_timeout = 0;\nCREATE INDEX CONCURRENTLY i ON t (a);\nDISCARD ALL;",
    _tx(
        "SET ROLE x;",
        "SET SCHEMA 'app';",
        "SET NAMES 'UTF8';",
        "SET SEED TO 0.5;",
        "SET XML OPTION DOCUMENT;",
    ),
    _tx("SET TRANSACTION READ WRITE;", "SET SESSION AUTHORIZATION x;", "SET TIME ZONE 'UTC';"),
    _tx("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;"),
    _tx("SELECT a, /* set_config */ b, false;", "SELECT 1, 2, 3, 4, set_config('a.b', 'x', false);"),
    _tx("UPDATE t SET a = 1 WHERE b;"),
    # names, files
    _tx(f"CREATE TABLE {'a' * 63} (b int);", f"COMMENT ON TABLE {'a' * 63} IS '{'x' * 99}';"),
    _tx('CREATE TABLE U&"' + r"\0061" * 15 + '" (b int);'),
    "CREATE TABLE a (b int);",
    _tx("ALTER TABLE a ADD created_at timestamptz;", "ALTER TABLE b ADD created_at timestamptz;"),
    _tx("ALTER TABLE a ADD x int;", "ALTER TABLE b ADD y int;", "INSERT INTO a SELECT y FROM b;"),
    _tx("CREATE TABLE a (b int);", "ALTER TABLE a ADD c int;", "ALTER TABLE d ADD e int;"),
    "CREATE INDEX CONCURRENTLY i ON a (b);\nALTER TABLE a ADD x int;\nALTER TABLE b ADD y int;",
    # incomplete statements
    _tx("ALTER TYPE s ADD VALUE;", "ALTER TYPE s ADD VALUE new;", "SELECT 'new', new;"),
    _tx("ALTER TABLE t ADD FOREIGN KEY REFERENCES u NOT VALID;"),
    _tx("REFRESH MATERIALIZED VIEW;"),
    _tx("SET;", "RESET;", "SELECT set_config('a.b', 'x');"),
    _tx("UPDATE;", "DELETE t;", "ALTER TABLE p ATTACH PARTITION;"),
    # nothing is read inside of texts, comments and functions
    _tx("DO $$ BEGIN DROP TABLE t CASCADE; UPDATE t SET a = 1; END $$;"),
    _tx("SELECT 'DROP TABLE t CASCADE;' -- TRUNCATE t;", ";", "/* LOCK TABLE t; */ SELECT 1;"),
)
