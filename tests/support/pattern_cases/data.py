"""Cases of the patterns of the group Data."""

from support.pattern_cases.case import Case

EMPTY = """
CREATE TABLE {table} (id int PRIMARY KEY, {column} text, {new} text);
INSERT INTO {table} SELECT i, CASE WHEN i % 5 > 0 THEN 'Value ' || i END, NULL FROM generate_series(1, {rows} + 4000) i;
"""
PARTITIONED = """
CREATE TABLE {table} (id int PRIMARY KEY, {column} text, {new} text) PARTITION BY RANGE (id);
CREATE TABLE {other} PARTITION OF {table} FOR VALUES FROM (0) TO (2000);
CREATE TABLE {schema}.{new2} PARTITION OF {table} DEFAULT;
INSERT INTO {table} SELECT i, 'Value ' || i, NULL FROM generate_series(1, {rows} + 4000) i;
"""
BACKFILL = {"table": "{table}", "column": "{new}", "value": "lower({column})"}
DONE = "SELECT bool_and({new} IS NOT DISTINCT FROM lower({column})) FROM {table}"

ENUM = """
CREATE TYPE {other} AS ENUM ('new', 'it''s paid', 'done');
CREATE TABLE {table} (id bigint PRIMARY KEY, {column} {other} DEFAULT 'new');
INSERT INTO {table} SELECT i, 'it''s paid' FROM generate_series(1, {rows}) i;
"""
LABELS = "SELECT array_agg(enumlabel::text ORDER BY enumsortorder) = {} FROM pg_enum WHERE enumtypid = {{other}}::regtype"

CASES: tuple[Case, ...] = (
    Case(
        "seed_rows",
        {"table": "{table}", "columns": "id, {column}", "values": "-1, 'it''s; --'", "condition": "id = -1"},
        check="SELECT count(*) = 1 FROM {table} WHERE id = -1 AND {column} = 'it''s; --'",
        unchecked="False",
    ),
    Case(
        "create_enum",
        {"type": "{other}", "values": "new, it's paid, 'a, b'"},
        check=LABELS.format("ARRAY['new', 'it''s paid', 'a, b']"),
    ),
    Case(
        "add_enum_value",
        {"type": "{other}", "value": "it's late", "after": "it's paid"},
        ENUM,
        check=LABELS.format("ARRAY['new', 'it''s paid', 'it''s late', 'done']"),
        verdict="irreversible",
        restores=False,
    ),
    Case(
        "replace_enum",
        {
            "type": "{other}",
            "values": "it's paid, new",
            "previous": "new, it's paid, done",
            "table": "{table}",
            "column": "{column}",
            "default": "new",
        },
        ENUM,
        check=LABELS.format("ARRAY['it''s paid', 'new']"),
        unchecked="False",
        write=None,
    ),
    Case("backfill", BACKFILL, EMPTY, check=DONE, unchecked="True", verdict="lossy"),
    Case(
        "backfill",
        {**BACKFILL, "where": "{new} IS DISTINCT FROM lower({column})"},
        EMPTY,
        check=DONE,
        verdict="irreversible",
        restores=False,
        note="some",
    ),
    Case(
        "backfill",
        BACKFILL,
        PARTITIONED,
        check=DONE,
        verdict="lossy",
        note="parts",
    ),
)
