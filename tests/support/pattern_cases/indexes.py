"""Cases of the patterns of the group Indexes."""

from support.pattern_cases.case import TABLE, Case

VALID = "SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = {table}::regclass AND NOT indisprimary"
INDEXED = TABLE + "CREATE INDEX {new} ON {table} (n);"
INDEX = {"index": "{schema}.{new}", "table": "{table}", "definition": "USING btree (n)"}
PARTITIONED = """
CREATE TABLE {table} (id bigint, {column} text, n int) PARTITION BY RANGE (id);
CREATE TABLE {other} PARTITION OF {table} FOR VALUES FROM (0) TO (500);
CREATE TABLE {schema}.{new} PARTITION OF {table} FOR VALUES FROM (500) TO (5000000);
INSERT INTO {table} SELECT i, 'value ' || i, i FROM generate_series(1, {rows}) i;
"""

CASES: tuple[Case, ...] = (
    Case("create_index", {"table": "{table}", "columns": "{column}, n DESC"}, check=VALID),
    Case(
        "create_index",
        {"table": "{table}", "columns": "lower({column})", "unique": "yes", "where": "n > 3"},
        check=VALID,
        note="partial",
    ),
    Case(
        "create_index",
        {"table": "{table}", "columns": "n", "include": "{column}"},
        check="SELECT indnatts = 2 AND indnkeyatts = 1 FROM pg_index WHERE indexrelid = "
        "(SELECT max(indexrelid) FROM pg_index WHERE indrelid = {table}::regclass)",
        note="covering",
    ),
    Case("create_index", {"table": "{table}", "columns": "n", "method": "brin"}, check=VALID, note="brin"),
    Case(
        "create_index",
        {"table": "{table}", "columns": "to_tsvector('simple', {column})", "method": "gin"},
        check=VALID,
        note="gin",
    ),
    Case(
        "drop_index",
        INDEX,
        INDEXED,
        check="SELECT count(*) = 1 FROM pg_index WHERE indrelid = {table}::regclass",
        unchecked="False",
    ),
    Case(
        "replace_index",
        INDEX | {"new_definition": "USING btree (n, {column})"},
        INDEXED,
        check="SELECT indnatts = 2 FROM pg_index i JOIN pg_class c ON c.oid = indexrelid "
        "WHERE indrelid = {table}::regclass AND relname = {new}::",
        unchecked="False",
    ),
    Case("reindex", {"name": "{schema}.{new}"}, INDEXED, check=VALID),
    Case("reindex", {"name": "{table}", "object": "TABLE"}, INDEXED, check=VALID, note="table"),
    Case(
        "create_index_on_partitioned_table",
        {"table": "{table}", "partitions": "{other}, {schema}.{new}", "columns": "{column}, n"},
        PARTITIONED,
        check="SELECT bool_and(indisvalid) AND count(*) = 3 FROM pg_index WHERE indrelid IN "
        "(SELECT relid FROM pg_partition_tree({table}::regclass))",
        names=("odd",),
    ),
)
