"""What the files use that is surely not there; and on a real PostgreSQL, that nothing else is reported."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

import psycopg
import pytest

from koonj.checks.check import Checker
from koonj.checks.levels import Levels
from koonj.migrations.migration import Migration
from koonj.sql.problem import Severity

ROLLBACK = "\n-- Rollback:\n-- BEGIN;\n-- SELECT 1;\n-- COMMIT;\n"
CODES = ("missing-object", "missing-column")
OWN = (
    "CREATE TABLE customers (id int, name text); CREATE TABLE invoices (id int); CREATE TABLE parts (id int);",
    "ALTER TABLE customers ADD a int; ALTER TABLE invoices ADD a int; ALTER TABLE parts ADD a int;",
)
"""A folder that makes all that it uses."""


def files_of(*texts: str) -> list[Migration]:
    return [
        Migration.from_recorded(f"{number:03d}_x.sql", f"BEGIN;\n{text}\nCOMMIT;\n{ROLLBACK}")
        for number, text in enumerate(texts, start=1)
    ]


def found(*texts: str, levels: Levels | None = None) -> list[tuple[int, str, str]]:
    """Return file, code and message. Each text is a file, in one transaction."""
    files = files_of(*texts)
    checker = Checker(files, levels or Levels())
    return [
        (number, one.code, one.message)
        for number, file in enumerate(files, start=1)
        for one in checker.findings(file)
        if one.code in CODES
    ]


MISSING = [
    (
        ("CREATE TABLE t (a int);", "DROP TABLE t;", "ALTER TABLE t ADD b int;"),
        (3, "missing-object", "t does not exist here: 002_x.sql drops it."),
    ),
    (
        ("DROP TABLE app.t, app.u;", "INSERT INTO app.u VALUES (1);"),
        (2, "missing-object", "app.u does not exist here: 001_x.sql drops it."),
    ),
    (
        ("DROP TABLE IF EXISTS public.t;", "CREATE INDEX i ON t (a);"),
        (2, "missing-object", "t does not exist here: 001_x.sql drops it."),
    ),
    (
        ("ALTER TABLE t RENAME TO u;", "UPDATE ONLY t SET a = 1 WHERE a = 2;"),
        (2, "missing-object", "t does not exist here: 001_x.sql renames or moves it."),
    ),
    (
        ("ALTER TABLE app.t SET SCHEMA attic;", "TRUNCATE attic.t, app.t;"),
        (2, "missing-object", "app.t does not exist here: 001_x.sql renames or moves it."),
    ),
    (
        ("ALTER TABLE app.t RENAME TO u;", "DROP TABLE app.u;", "DELETE FROM app.u WHERE a = 1;"),
        (3, "missing-object", "app.u does not exist here: 002_x.sql drops it."),
    ),
    (
        ("DROP VIEW v;", "DROP VIEW v;"),
        (2, "missing-object", "v does not exist here: 001_x.sql drops it."),
    ),
    (
        ("SELECT 1; DROP TABLE t; LOCK TABLE t;",),
        (1, "missing-object", "t does not exist here: a statement before it drops it."),
    ),
    (
        ("DROP TABLE t;", "CREATE TABLE u (a int REFERENCES t (id));"),
        (2, "missing-object", "t does not exist here: 001_x.sql drops it."),
    ),
    (
        (
            "DROP TABLE t;",
            "ALTER TABLE u ADD a int, ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES t NOT VALID;",
        ),
        (2, "missing-object", "t does not exist here: 001_x.sql drops it."),
    ),
    (
        ("DROP TABLE t;", "ALTER TABLE u ADD a int REFERENCES t;"),
        (2, "missing-object", "t does not exist here: 001_x.sql drops it."),
    ),
    (
        ("DROP TABLE t;", "CREATE TABLE p PARTITION OF t FOR VALUES IN (1);"),
        (2, "missing-object", "t does not exist here: 001_x.sql drops it."),
    ),
    (
        ("DROP TABLE t;", "ALTER TABLE u ATTACH PARTITION t FOR VALUES IN (1);"),
        (2, "missing-object", "t does not exist here: 001_x.sql drops it."),
    ),
    (
        ("DROP TABLE t;", "CREATE TRIGGER g BEFORE UPDATE OF a ON t EXECUTE FUNCTION f();"),
        (2, "missing-object", "t does not exist here: 001_x.sql drops it."),
    ),
    (
        ("DROP TABLE t;", "CREATE POLICY p ON t USING (true);"),
        (2, "missing-object", "t does not exist here: 001_x.sql drops it."),
    ),
    (
        ("DROP MATERIALIZED VIEW m;", "REFRESH MATERIALIZED VIEW CONCURRENTLY m;"),
        (2, "missing-object", "m does not exist here: 001_x.sql drops it."),
    ),
    (
        ("DROP TABLE t;", "COMMENT ON TABLE t IS 'x';"),
        (2, "missing-object", "t does not exist here: 001_x.sql drops it."),
    ),
    (
        ('DROP TABLE "Users";', "ALTER TABLE users ADD a int;", 'ALTER TABLE "Users" ADD a int;'),
        (3, "missing-object", '"Users" does not exist here: 001_x.sql drops it.'),
    ),
    (
        ("ALTER TABLE o ADD u int REFERENCES t;", "CREATE TABLE t (id int);"),
        (1, "missing-object", "t does not exist yet: 002_x.sql creates it."),
    ),
    (
        ("INSERT INTO t VALUES (1); CREATE TABLE t (id int);",),
        (1, "missing-object", "t does not exist yet: a statement after it creates it."),
    ),
    ((*OWN, "ALTER TABLE custmers ADD b int;"), (3, "missing-object", "No migration creates custmers.")),
    ((*OWN, "CREATE INDEX i ON inovices (id);"), (3, "missing-object", "No migration creates inovices.")),
    (
        (*OWN, "CREATE INDEX i ON customers (nmae);"),
        (3, "missing-column", "customers has no column nmae here."),
    ),
    (
        (*OWN, 'CREATE INDEX i ON customers USING btree (id, "Nom" DESC);'),
        (3, "missing-column", 'customers has no column "Nom" here.'),
    ),
    (
        (*OWN, "ALTER TABLE public.customers ADD UNIQUE (id, b);"),
        (3, "missing-column", "public.customers has no column b here."),
    ),
    (
        (*OWN, "ALTER TABLE customers ADD CONSTRAINT k FOREIGN KEY (a, b) REFERENCES x;"),
        (3, "missing-column", "customers has no column b here."),
    ),
    (
        (
            "CREATE TABLE t (a int, b int);",
            "ALTER TABLE t DROP b;",
            "ALTER TABLE t ALTER COLUMN b SET NOT NULL;",
        ),
        (3, "missing-column", "t has no column b here."),
    ),
    (
        ("CREATE TABLE t (a int);", "ALTER TABLE t RENAME a TO b;", "ALTER TABLE t RENAME COLUMN a TO c;"),
        (3, "missing-column", "t has no column a here."),
    ),
    (
        (
            "CREATE TABLE t (a int);",
            "ALTER TABLE t ALTER b TYPE bigint;",
            "ALTER TABLE t DROP COLUMN a, DROP c;",
        ),
        (2, "missing-column", "t has no column b here."),
    ),
]

NOT_MISSING = [
    # it is there again, or was there all the time
    ("DROP TABLE t;", "CREATE TABLE t (a int);", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE t;", "CREATE TABLE IF NOT EXISTS t (a int);", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE t;", "CREATE OR REPLACE VIEW t AS SELECT 1;", "DROP VIEW t;"),
    ("DROP TABLE t;", "ALTER TABLE u RENAME TO t;", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE t;", "ALTER TABLE app.t SET SCHEMA public;", "ALTER TABLE t ADD b int;"),
    ("ALTER TABLE t RENAME TO u;", "ALTER VIEW v RENAME TO t;", "DROP VIEW t;"),
    ("DROP TABLE t;", "SELECT 1 AS a INTO t;", "UPDATE t SET a = 1 WHERE a = 2;"),
    ("DROP TABLE t;", "CREATE TEMP TABLE t AS SELECT 1 AS a;", "INSERT INTO t VALUES (2);"),
    ("DROP TABLE t;", "CREATE MATERIALIZED VIEW t AS SELECT 1 AS a;", "REFRESH MATERIALIZED VIEW t;"),
    ("DROP TABLE t;", "ALTER TABLE IF EXISTS t ADD b int;", "DROP TABLE IF EXISTS t;"),
    ("DROP TABLE IF EXISTS t;", "SELECT 1 FROM t;"),
    # another schema, or one that is not known
    ("DROP TABLE app.t;", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE app.t;", "ALTER TABLE public.t ADD b int;"),
    ("DROP TABLE t;", "ALTER TABLE app.t ADD b int;"),
    ("ALTER TABLE app.t ADD b int;", "CREATE TABLE t (a int);"),
    ("DROP TABLE t;", "SET search_path = app; ALTER TABLE t ADD b int;"),
    ("SET LOCAL search_path = app; DROP TABLE t;", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE t;", "SELECT set_config('search_path', 'app', true); ALTER TABLE t ADD b int;"),
    ("ALTER ROLE app SET search_path = app;", "DROP TABLE t;", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE t;", 'ALTER TABLE "T" ADD b int;'),
    # what a function, a DO block or an extension makes
    ("DROP TABLE t;", "DO $$ BEGIN CREATE TABLE t (a int); END $$;", "ALTER TABLE t ADD b int;"),
    (
        "DROP TABLE t;",
        "DO $$ BEGIN EXECUTE 'CREATE TABLE ' || chr(116) || '()'; END $$;",
        "ALTER TABLE t ADD b int;",
    ),
    (
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE TABLE t (a int)';",
        "DROP TABLE t;",
        "SELECT f();",
        "ALTER TABLE t ADD b int;",
    ),
    ("DROP TABLE t;", "SELECT run('create table ' || chr(116) || '()');", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE t;", "CALL make();", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE t;", "CREATE EXTENSION postgis;", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE t;", "IMPORT FOREIGN SCHEMA x FROM SERVER s INTO public;", "ALTER TABLE t ADD b int;"),
    ("DROP TABLE t;", "ALTER SCHEMA x RENAME TO y;", "ALTER TABLE t ADD b int;"),
    ("SAVEPOINT s; DROP TABLE t; ROLLBACK TO s; ALTER TABLE t ADD b int;",),
    # there before the folder
    ("ALTER TABLE t ADD b int;", "DROP TABLE t;", "CREATE TABLE t (a int);"),
    ("ALTER TABLE t ADD b int;", "ALTER TABLE t RENAME TO u;", "CREATE TABLE t (a int);"),
    ("ALTER TABLE t ADD b int;", "CREATE TABLE IF NOT EXISTS t (a int);"),
    ("INSERT INTO v VALUES (1);", "CREATE OR REPLACE VIEW v AS SELECT 1 AS a;"),
    ("ALTER TABLE t ADD b int;", "CREATE TEMP TABLE t (a int);"),
    ("CREATE TABLE t (a int REFERENCES t);",),
    (
        "ALTER TABLE customer ADD b int;",
        "CREATE TABLE customers (a int);",
        "ALTER TABLE customers ADD b int;",
    ),
    (*OWN, "ALTER TABLE something_else ADD b int; ALTER TABLE custmers ADD b int;"),
    # similar, but no mistake
    (*OWN, "CREATE TABLE customer (id int);", "ALTER TABLE customer ADD b int;"),
    (*OWN, "ALTER TABLE part ADD b int;", "DO $$ BEGIN CREATE TABLE part (a int); END $$;"),
    (*OWN, "CREATE TABLE logs_1 (a int);", "INSERT INTO logs_2 VALUES (1);"),
    # columns
    ("CREATE TABLE t (a int);", "ALTER TABLE t ADD b int, ADD UNIQUE (b);", "CREATE INDEX i ON t (a, b);"),
    ("CREATE TABLE t (a int);", "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int;", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t (a int);", "ALTER TABLE t DROP COLUMN IF EXISTS b;", "CREATE INDEX i ON t (lower(b));"),
    ("CREATE TABLE t (a int);", "ALTER TABLE t RENAME a TO b;", "ALTER TABLE t DROP b;"),
    ("CREATE TABLE t (a int);", "ALTER TABLE t DROP a, ADD a text;", "CREATE INDEX i ON t (a);"),
    ("CREATE TABLE t (LIKE u);", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t () INHERITS (u);", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t (a int) INHERITS (u);", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t AS SELECT 1 AS b;", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t OF kind (PRIMARY KEY (b));", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t PARTITION OF u (a DEFAULT 1) FOR VALUES IN (1);", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE IF NOT EXISTS t (a int);", "ALTER TABLE t INHERIT u;", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t (a int);", "ALTER TABLE app.t ALTER b DROP DEFAULT;", "CREATE INDEX i ON app.t (b);"),
    ("CREATE TABLE t (a int);", "CREATE TABLE app.t (b int);", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t (a int);", "DROP TABLE t; CREATE TABLE t (b int);", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t (a int);", "DO $$ BEGIN ALTER TABLE t ADD b int; END $$;", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t (a int);", "SELECT run('ALTER TABLE x ADD b int');", "CREATE INDEX i ON t (b);"),
    ("CREATE TABLE t (a int);", "ALTER TABLE t RENAME CONSTRAINT k TO l, ALTER CONSTRAINT m DEFERRABLE;"),
    ("CREATE TABLE t (a int);", "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX j, DROP CONSTRAINT l;"),
    ("CREATE TABLE t (a int);", "CREATE INDEX i ON t (ctid);"),
]


EXACT = [
    # a column that is missing shows that the table is read exactly; the others must not be reported
    (("CREATE TABLE t (a int);", "DROP TABLE t;", "CREATE INDEX i ON t (b);"), ["3 t"]),
    # other tables
    (("CREATE TABLE t (a int, b int);", "ALTER TABLE app.t DROP b;", "CREATE INDEX i ON t (b, c);"), ["3 c"]),
    (
        (
            "CREATE TABLE t (a int, b int);",
            "ALTER TABLE u DROP b, ADD FOREIGN KEY (x) REFERENCES t;",
            "CREATE INDEX i ON t (b, c);",
        ),
        ["3 c"],
    ),
    (
        ("CREATE TABLE t (a int);", "ALTER TABLE u ADD b int REFERENCES t;", "CREATE INDEX i ON t (b);"),
        ["3 b"],
    ),
    (
        (
            "CREATE TABLE public.t (a int);",
            "ALTER TABLE app.t ADD b int;",
            "CREATE INDEX i ON public.t (b, c);",
        ),
        ["3 b", "3 c"],
    ),
    (
        (
            "CREATE TABLE t (a int, b int);",
            "CREATE TEMP TABLE t (a int, b int); ALTER TABLE t DROP b;",
            "CREATE INDEX i ON t (b, c);",
        ),
        [],
    ),
    (("ALTER TABLE t ADD b int;", "CREATE TABLE IF NOT EXISTS t (a int);", "CREATE INDEX i ON t (c);"), []),
    (("ALTER TABLE t ALTER b DROP DEFAULT;", "CREATE TABLE IF NOT EXISTS t (a int);", "DROP INDEX t_b;"), []),
    # what each action needs, adds and takes away
    (("CREATE TABLE t (a int);", "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES t;"), ["2 b"]),
    (("CREATE TABLE t (a int);", "ALTER TABLE t DROP b;"), ["2 b"]),
    (("CREATE TABLE t (a int);", "ALTER TABLE t ADD PRIMARY KEY (b);"), ["2 b"]),
    (("CREATE TABLE t (a int, b int);", "ALTER TABLE t DROP COLUMN b;", "CREATE INDEX i ON t (b);"), ["3 b"]),
    (
        (
            "CREATE TABLE t (a int, b int);",
            "ALTER TABLE t DROP COLUMN IF EXISTS b;",
            "CREATE INDEX i ON t (b);",
        ),
        ["3 b"],
    ),
    (("CREATE TABLE t (a int);", "ALTER TABLE t DROP a;", "CREATE INDEX i ON t (b);"), ["3 b"]),
    (
        ("CREATE TABLE t (a int);", "ALTER TABLE t ALTER a TYPE bigint;", "CREATE INDEX i ON t (a, b);"),
        ["3 b"],
    ),
    (
        (
            'CREATE TABLE t ("constraint" int, "unique" int);',
            "ALTER TABLE t DROP CONSTRAINT c, ADD UNIQUE (b);",
            'CREATE INDEX i ON t ("constraint", "unique");',
        ),
        ["2 b"],
    ),
    (
        (
            "CREATE TABLE t (a int);",
            "ALTER TABLE t RENAME CONSTRAINT k TO l;",
            "ALTER TABLE t ALTER CONSTRAINT m DEFERRABLE, DROP CONSTRAINT IF EXISTS n, DROP IF EXISTS x, DROP y;",
        ),
        ["3 y"],
    ),
    (
        ("CREATE TABLE t (a int);", "ALTER TABLE t ADD c numeric(10, 2), ADD CHECK (true), DROP b;"),
        ["2 b"],
    ),
    (
        ("CREATE TABLE t (a int);", "CREATE INDEX i ON t (ctid, xmin, xmax, cmin, cmax, tableoid, b);"),
        ["2 b"],
    ),
    # what is used
    (("DROP TABLE t;", "ALTER TABLE IF EXISTS t ADD b int; ALTER TABLE t ADD c int;"), ["2 t"]),
    (("DROP TABLE t;", "DROP TABLE IF EXISTS t; DROP TABLE t;"), ["2 t"]),
    (("DROP TABLE t;", "CREATE TABLE u (x int, t int); ALTER TABLE t ADD b int;"), ["2 t"]),
    (("DROP TABLE t;", "ALTER TABLE u DROP COLUMN t; ALTER TABLE t ADD b int;"), ["2 t"]),
    (("DROP TABLE t;", "CREATE STATISTICS s ON t, x FROM u; ALTER TABLE t ADD b int;"), ["2 t"]),
    (("DROP TABLE t;", "TRUNCATE a *, ONLY t; ALTER TABLE t ADD b int;"), ["2 t", "2 t"]),
    (("DROP TABLE t;", "CREATE CONSTRAINT TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f();"), ["2 t"]),
    (("DROP TABLE t;", "TRUNCATE TABLE t; LOCK t;"), ["2 t", "2 t"]),
    (("DROP VIEW t;", "DROP VIEW t; COMMENT ON VIEW t IS 'x';"), ["2 t", "2 t"]),
    (("DROP MATERIALIZED VIEW t;", "DROP MATERIALIZED VIEW t; REFRESH MATERIALIZED VIEW t;"), ["2 t", "2 t"]),
    (("DROP TABLE t;", "CREATE TABLE u () INHERITS (t);"), ["2 t"]),
    ((*OWN, "ALTER TABLE parts RENAME TO articles;", "ALTER TABLE artcles ADD b int;"), ["4 artcles"]),
    (
        (
            *OWN,
            "ALTER TABLE IF EXISTS far ADD a int; DROP TABLE IF EXISTS near; ALTER TABLE custmers ADD b int;",
        ),
        ["3 custmers"],
    ),
    (("CREATE TABLE zebra (a int); CREATE INDEX i ON zebra (bb);",), ["1 bb"]),
    # what creates and drops it
    (
        (
            "DROP TABLE i; CREATE INDEX i ON u (a);",
            "COMMIT; DROP INDEX CONCURRENTLY i; BEGIN; SELECT 1;",
            "ALTER TABLE i ADD b int;",
        ),
        ["3 i"],
    ),
    (("DROP FOREIGN TABLE t;", "ALTER TABLE t ADD b int;"), ["2 t"]),
    (("DROP TABLE t;", "CREATE FOREIGN TABLE t (a int) SERVER s; ALTER TABLE t ADD b int;"), []),
    (("DROP TABLE t;", "CREATE SEQUENCE t; ALTER TABLE t RENAME TO u;"), []),
    (("DROP SEQUENCE t_id_seq;", "CREATE TABLE t (id serial);", "ALTER SEQUENCE t_id_seq RESTART;"), []),
    (("DROP SEQUENCE t_id_seq;", "CREATE TABLE t (id serial);", "DROP SEQUENCE t_id_seq;"), []),
    (("DROP TABLE app.role;", "DROP ROLE x;", "ALTER TABLE role ADD b int;"), []),
    *(
        (("DROP TABLE t;", f"CREATE {kind} TABLE t (a int); ALTER TABLE t ADD b int;"), [])
        for kind in ("GLOBAL TEMP", "LOCAL TEMPORARY", "UNLOGGED")
    ),
    (("DROP VIEW v;", "CREATE RECURSIVE VIEW v (a) AS SELECT 1; DROP VIEW v;"), []),
    (("ALTER TABLE t ADD b int;", "CREATE LOCAL TEMP TABLE t (a int);"), []),
    (("ALTER TABLE t ADD b int;", "CREATE TEMPORARY TABLE t (a int);"), []),
    # the schema of a name
    *(
        (("DROP TABLE zebra;", f"{text}; ALTER TABLE zebra ADD b int;"), ["2 zebra"] * is_told)
        for text, is_told in (
            ("SET LOCAL lock_timeout = '1s'", True),
            ("SET LOCAL SCHEMA 'app'", False),
            ("SELECT set_config('lock_timeout', '1s', true)", True),
            ("SELECT 'search_path'", True),
            ("SELECT set_config('search_path', 'app', true)", False),
            ("ALTER ROLE x NOLOGIN", True),
            ("ALTER FUNCTION f() SET search_path = app", True),
        )
    ),
    # what a file between them can hide
    *(
        (("DROP TABLE zebra;", f"{text};", "ALTER TABLE zebra ADD b int;"), ["3 zebra"] * is_told)
        for text, is_told in (
            *(
                (f"ALTER {of} SET search_path = app", False)
                for of in ("ROLE x", "USER x", "DATABASE d", "SYSTEM")
            ),
            ("CREATE EXTENSION postgis", False),
            ("CREATE EXTENSION IF NOT EXISTS pgcrypto", True),
            ("CREATE SCHEMA x", True),
            *(
                (f"CREATE SCHEMA x CREATE {what}", False)
                for what in ("TABLE y (a int)", "VIEW y AS VALUES (1)")
            ),
            ("CREATE SCHEMA x CREATE SEQUENCE y", False),
            ("ALTER SCHEMA x RENAME TO y", False),
            ("IMPORT FOREIGN SCHEMA x FROM SERVER s INTO y", False),
            ("CALL make()", False),
            ("EXECUTE plan", False),
            ("SAVEPOINT s; SELECT 1; ROLLBACK TO s", True),
            ("DO $$ BEGIN EXECUTE concat(' create table ', n()); END $$", False),
            ("DO $$ BEGIN CREATE TABLE y (a int); END $$", True),
            ("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE TABLE y (a int)'", True),
            ("SELECT run('create table ' || n())", False),
            ("SELECT run($$create table $$ || n())", False),
            ("SELECT run('alter table x rename to ' || n())", False),
            ("SELECT run($$alter table x rename to $$ || n())", False),
            ("SELECT run(n() || ' set schema public')", False),
            ("SELECT run('vacuum')", True),
        )
    ),
    *(
        (("ALTER TABLE zebra ADD b int;", f"{text};", "CREATE TABLE zebra (a int);"), ["1 zebra"] * is_told)
        for text, is_told in (
            ("SELECT run('drop table ' || n())", False),
            ("SELECT run($$drop table $$ || n())", False),
            ("DROP SCHEMA x", False),
            ("SELECT 1", True),
        )
    ),
    (("DROP TABLE t; SELECT 'x", "ALTER TABLE t ADD b int;"), []),
    # uses between them, and other schemas
    (("DROP TABLE t;", "ALTER TABLE t ADD b int;", "ALTER TABLE t ADD c int;"), ["2 t", "3 t"]),
    (("ALTER TABLE t ADD b int;", "ALTER TABLE t ADD c int;", "CREATE TABLE t (a int);"), ["1 t", "2 t"]),
    (
        ("ALTER TABLE public.t ADD b int;", "CREATE TABLE app.t (a int);", "CREATE TABLE public.t (a int);"),
        ["1 public.t"],
    ),
    (("DROP TABLE app.t;", "SET LOCAL search_path = x; ALTER TABLE app.t ADD b int;"), ["2 app.t"]),
    (("DROP TABLE t;", "SELECT 'x'; ALTER TABLE t ADD b int;"), ["2 t"]),
    (
        (
            "DROP TABLE zebra;",
            "ALTER ROLE x SET search_path = app;",
            "CREATE EXTENSION IF NOT EXISTS pgcrypto;",
            "ALTER TABLE zebra ADD b int;",
        ),
        [],
    ),
    (
        (
            "CREATE TABLE zebra (a int);",
            "SELECT run('alter table x rename to ' || n());",
            "CREATE INDEX i ON zebra (bb);",
        ),
        [],
    ),
    # names that are similar
    ((*OWN, "SELECT 1 AS a INTO custmers; ALTER TABLE custmers ADD b int;"), []),
    ((*OWN, "CREATE EXTENSION postgis;", "ALTER TABLE custmers ADD b int;"), []),
    (("ALTER TABLE custmers ADD b int;", *OWN), []),
    (("ALTER TABLE customers ADD z int;", "ALTER TABLE custmers ADD b int;", *OWN), ["1 customers"]),
    ((OWN[0].replace("customers", "public.customers"), OWN[1], "ALTER TABLE app.custmers ADD b int;"), []),
    (
        (
            "DO $$ BEGIN CREATE TABLE customers (a int); END $$;",
            *OWN[1:],
            OWN[0].partition(";")[2],
            "ALTER TABLE custmers ADD b int;",
        ),
        ["2 invoices", "2 parts"],
    ),
    (
        (
            "CREATE TABLE customers (id int); ALTER TABLE customers ADD a int;",
            "ALTER TABLE custmers ADD b int;",
        ),
        [],
    ),
    (
        (
            "INSERT INTO zeta VALUES (1);",
            *OWN,
            "CREATE TABLE zeta (a int);",
            "ALTER TABLE custmers ADD b int;",
        ),
        ["1 zeta", "5 custmers"],
    ),
    *(
        ((*OWN, f"ALTER TABLE {name} ADD b int;"), [f"3 {name}"] * is_typo)
        for name, is_typo in (
            *(("customer", True), ("custoomers", True), ("custamers", True), ("csutomers", True)),
            *(("cuxxomers", False), ("custommm", False)),
        )
    ),
    ((f"{OWN[0]} CREATE TABLE log (id int);", f"{OWN[1]} INSERT INTO log VALUES (1); DELETE FROM lag;"), []),
    # a text that nothing runs
    *(
        (("DROP TABLE t;", f"{text}; ALTER TABLE t ADD b int;"), ["2 t"])
        for text in (
            *("INSERT INTO u VALUES ('t')", "UPDATE u SET a = 't' WHERE b", "DELETE FROM u WHERE a = 't'"),
            *("COMMENT ON TABLE u IS 't'", "ALTER TABLE u ALTER a SET DEFAULT 't'"),
        )
    ),
    # broken statements
    (
        (
            "CREATE TABLE t (a int);",
            "CREATE INDEX i ON t (a, ); CREATE TRIGGER g; CREATE TRIGGER g AFTER INSERT ON; DROP TABLE; ALTER TABLE; CREATE INDEX i;"
            "CREATE TABLE x PARTITION OF; ALTER TABLE u ATTACH PARTITION; INSERT INTO; ALTER TABLE t DROP c;",
        ),
        ["2 c"],
    ),
    (("CREATE TABLE t (a int);", "ALTER TABLE t DROP; ALTER TABLE t DROP COLUMN; CREATE INDEX i ON t;"), []),
    (("CREATE TABLE t (a int);", "ALTER TABLE t DROP; ALTER TABLE t DROP COLUMN, DROP c;"), ["2 c"]),
    (("CREATE TABLE t (a int);", "CREATE INDEX i ON t; ALTER TABLE t DROP c;"), ["2 c"]),
]
"""Folders, and file and name of all that is missing in them."""


@pytest.mark.parametrize(("texts", "expected"), EXACT)
def test_nothing_else_is_missing(texts: tuple[str, ...], expected: list[str]) -> None:
    names = re.compile(r"(?:No migration creates |.* has no column )?(\S+?)\.?(?: |$)")
    said = [(number, names.match(message)) for number, _, message in found(*texts)]
    assert [f"{number} {match[1]}" for number, match in said if match is not None] == expected


@pytest.mark.parametrize(("texts", "expected"), MISSING)
def test_it_is_surely_not_there(texts: tuple[str, ...], expected: tuple[int, str, str]) -> None:
    assert found(*texts)[:1] == [expected]


@pytest.mark.parametrize("texts", NOT_MISSING)
def test_it_can_be_there(texts: tuple[str, ...]) -> None:
    assert found(*texts) == []


def test_a_rollback_tells_nothing_about_the_next_files() -> None:
    back = "\n-- Rollback:\n-- BEGIN;\n-- CREATE TABLE zebra (a int);\n-- COMMIT;\n"
    texts = (f"BEGIN;\nDROP TABLE zebra;\nCOMMIT;\n{back}", "BEGIN;\nALTER TABLE zebra ADD b int;\nCOMMIT;\n")
    files = [Migration.from_recorded(f"{n:03d}_x.sql", text) for n, text in enumerate(texts, start=1)]
    assert [p.code for p in Checker(files, Levels()).findings(files[1])] == ["missing-object"]


def test_a_similar_name_is_the_hint() -> None:
    files = files_of(*OWN, "ALTER TABLE custmers ADD b int; CREATE INDEX i ON parts (aa);")
    problems = [p for p in Checker(files, Levels()).findings(files[-1]) if p.code in CODES]
    assert [(p.hint, p.line, p.column) for p in problems] == [
        ("Did you mean customers?", 2, 13),
        ("Did you mean 'a'?", 2, 58),
    ]


def test_a_text_that_is_not_saved_is_compared_with_the_other_files() -> None:
    files = files_of("DROP TABLE t;", "SELECT 1;", "DROP TABLE IF EXISTS u;")
    checker = Checker(files, Levels())
    assert [p.code for p in checker.findings(files[1])] == []
    changed = Migration.from_recorded("002_x.sql", f"BEGIN;\nALTER TABLE t ADD b int;\nCOMMIT;\n{ROLLBACK}")
    assert [p.code for p in checker.findings(changed)] == ["missing-object"]
    new = Migration.from_recorded("009_y.sql", f"BEGIN;\nALTER TABLE u ADD b int;\nCOMMIT;\n{ROLLBACK}")
    assert [p.code for p in checker.findings(new)] == ["missing-object"]


def test_levels_and_comments_are_honoured() -> None:
    use = "ALTER TABLE t ADD b int;"
    comment = "-- koonj: ignore missing-object: the other tool makes it\n"
    assert found("DROP TABLE t;", use, levels=Levels({"missing-object": None})) == []
    assert found("DROP TABLE t;", use, levels=Levels(after=2)) == []
    assert found("DROP TABLE t;", f"{comment}{use}") == []
    assert len(found("DROP TABLE t;", f"{comment}SELECT 1;\n{use}")) == 1
    files = files_of("DROP TABLE t;", f"{comment}{use}", f"{comment}SELECT 1;")
    raised = Checker(files, Levels({"missing-object": Severity.ERROR}))
    assert [p.code for file in files[1:] for p in raised.findings(file)] == []


NAMES = ("orders", "order", "app.orders", '"Orders"', "items")
COLUMNS = ("id", "name", "nam", "total")
STATEMENTS = (
    "CREATE TABLE {t} (id int, name text)",
    "CREATE TABLE IF NOT EXISTS {t} (id int, total int)",
    "CREATE TABLE {t} (LIKE {u})",
    "CREATE VIEW {t} AS SELECT 1 AS id",
    "CREATE TABLE {t} AS SELECT 1 AS total",
    "DROP TABLE {t}",
    "DROP TABLE IF EXISTS {t} CASCADE",
    "ALTER TABLE {t} RENAME TO {last}",
    "ALTER TABLE {t} SET SCHEMA {s}",
    "ALTER TABLE {t} ADD COLUMN {c} int",
    "ALTER TABLE {t} ADD COLUMN IF NOT EXISTS {c} int, ADD UNIQUE ({c})",
    "ALTER TABLE {t} DROP COLUMN {c}",
    "ALTER TABLE {t} RENAME COLUMN {c} TO {d}",
    "ALTER TABLE {t} ALTER COLUMN {c} SET NOT NULL",
    "CREATE INDEX ON {t} ({c}, {d})",
    "INSERT INTO {t} DEFAULT VALUES",
    "UPDATE {t} SET id = 1 WHERE id = 2",
    "DELETE FROM {t} WHERE id = 2",
    "TRUNCATE {t}",
    "COMMENT ON TABLE {t} IS 'orders'",
    "DO $$ BEGIN CREATE TABLE {t} (id int); END $$",
    "DO $$ BEGIN EXECUTE 'CREATE TABLE ' || 'ord' || 'ers (id int)'; END $$",
    "SET LOCAL search_path = {s}; CREATE TABLE {last} (id int); RESET search_path",
    "SET LOCAL search_path = {s}; ALTER TABLE {last} ADD {c} int; RESET search_path",
)


def _folder(seed: int) -> Iterator[str]:
    choose = random.Random(seed)
    for _ in range(choose.randint(3, 14)):
        t, u = choose.choice(NAMES), choose.choice(NAMES)
        yield choose.choice(STATEMENTS).format(
            t=t,
            u=u,
            last=u.rsplit(".")[-1],
            s=choose.choice(("app", "public")),
            c=choose.choice(COLUMNS),
            d=choose.choice(COLUMNS),
        )


def test_a_statement_that_postgresql_accepts_has_no_finding(make_database: Callable[[], str]) -> None:
    """Run folders made at random on an empty database and on one with tables, up to the first that fails."""
    reported = failed = 0
    with psycopg.connect(make_database()) as conn:
        conn.execute("CREATE SCHEMA app")
        conn.commit()
        for seed in range(60):
            texts = list(_folder(seed))
            conn.execute("SELECT 1")  # the transaction that is undone after each folder
            if seed % 3 == 0:
                conn.execute('CREATE TABLE orders (id int, name text); CREATE TABLE "Orders" (id int)')
            findings = found(*(f"{text};" for text in texts))
            wrong = {number for number, _, said in findings if seed % 3 or "does not exist yet" not in said}
            for number, text in enumerate(texts, start=1):
                try:
                    with conn.transaction():
                        conn.execute(text)
                except psycopg.Error as error:
                    is_missing = error.sqlstate in {"42P01", "42703"}
                    failed += is_missing
                    reported += is_missing and number in wrong
                    break
                assert number not in wrong, (seed, texts, number)
            conn.rollback()
    assert failed > 20
    assert reported > 2
