"""Cases of the patterns of the group Constraints."""

from support.pattern_cases.case import TABLE, Case

NO_KEY = """
CREATE TABLE {table} (id bigint, {column} text, n int);
INSERT INTO {table} SELECT i, 'value ' || i, i FROM generate_series(1, {rows}) i;
"""
VALID = "SELECT bool_and(convalidated) AND count(*) > 0 FROM pg_constraint WHERE contype <> 'n' AND conrelid = {table}::regclass AND conname <> 'x'"
COLUMN = {"table": "{table}", "column": "id"}
CHECKED = TABLE + "ALTER TABLE {table} ADD CONSTRAINT {new} CHECK (n >= 0 AND {column} <> '');"
KEYS = "SELECT count(*) = 1 FROM pg_constraint WHERE contype IN ('u', 'p', 'f', 'c') AND conrelid = {table}::regclass"

CASES: tuple[Case, ...] = (
    Case(
        "add_unique_constraint",
        {"table": "{table}", "columns": "{column}, n"},
        NO_KEY,
        check=KEYS,
        unchecked="False",
    ),
    Case("add_primary_key", COLUMN, NO_KEY, check=KEYS, unchecked="False"),
    Case(
        "add_check",
        {"table": "{table}", "condition": "n >= 0 OR {column} = ';'", "about": "n"},
        NO_KEY,
        check=VALID,
        unchecked="False",
    ),
    Case(
        "add_exclusion_constraint",
        {"table": "{table}", "elements": "int4range(n, n + 1) WITH &&", "where": "n > 0"},
        NO_KEY,
        check="SELECT contype = 'x' FROM pg_constraint WHERE contype = 'x' AND conrelid = {table}::regclass",
    ),
    Case(
        "drop_constraint",
        {"table": "{table}", "constraint": "{new}", "definition": "CHECK (n >= 0 AND {column} <> '')"},
        CHECKED,
        check=KEYS,
        unchecked="False",
    ),
    Case(
        "drop_constraint",
        {
            "table": "{table}",
            "constraint": "{new}",
            "definition": "FOREIGN KEY (n) REFERENCES {other}(id) ON DELETE CASCADE",
        },
        TABLE
        + "CREATE TABLE {other} (id int PRIMARY KEY); INSERT INTO {other} SELECT generate_series(1, {rows});"
        + "ALTER TABLE {table} ADD CONSTRAINT {new} FOREIGN KEY (n) REFERENCES {other} ON DELETE CASCADE;",
        check=KEYS,
        unchecked="False",
        note="foreign_key",
    ),
    Case(
        "drop_unique_constraint",
        {"table": "{table}", "constraint": "{new}", "columns": "n, {column}"},
        TABLE + "ALTER TABLE {table} ADD CONSTRAINT {new} UNIQUE (n, {column});",
        check=KEYS,
        unchecked="False",
    ),
    Case(
        "drop_unique_constraint",
        {"table": "{table}", "constraint": "{new}", "columns": "id", "type": "PRIMARY KEY"},
        "CREATE TABLE {table} (id bigint NOT NULL, n int, CONSTRAINT {new} PRIMARY KEY (id));"
        "INSERT INTO {table} SELECT i, i FROM generate_series(1, {rows}) i;",
        check="SELECT count(*) = 0 FROM pg_constraint WHERE contype = 'p' AND conrelid = {table}::regclass",
        unchecked="False",
        note="primary_key",
    ),
    Case(
        "add_foreign_key",
        {"table": "{table}", "columns": "n", "references": "{other}"},
        TABLE
        + "CREATE TABLE {other} (id int PRIMARY KEY); INSERT INTO {other} SELECT generate_series(1, {rows});",
        check="SELECT convalidated FROM pg_constraint WHERE contype = 'f' AND conrelid = {table}::regclass",
    ),
)
