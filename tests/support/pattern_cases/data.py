"""Cases of the patterns of the group Data."""

from support.pattern_cases.case import Case

EMPTY = """
CREATE TABLE {table} (id int PRIMARY KEY, {column} text, {new} text);
INSERT INTO {table} SELECT i, CASE WHEN i % 5 > 0 THEN 'Value ' || i END, NULL FROM generate_series(1, 5000) i;
"""
PARTITIONED = """
CREATE TABLE {table} (id int, {column} text, {new} text) PARTITION BY LIST (id);
CREATE TABLE {other} PARTITION OF {table} FOR VALUES IN (1);
CREATE TABLE {schema}.{new2} PARTITION OF {table} DEFAULT;
INSERT INTO {table} SELECT i % 3, 'Value ' || i, NULL FROM generate_series(1, 5000) i;
"""
BACKFILL = {"table": "{table}", "column": "{new}", "value": "lower({column})"}
DONE = "SELECT bool_and({new} IS NOT DISTINCT FROM lower({column})) FROM {table}"

CASES: tuple[Case, ...] = (
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
        write="UPDATE {table} SET {column} = {column} WHERE id = 2",
        verdict="lossy",
        note="parts",
    ),
)
