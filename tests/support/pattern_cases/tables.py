"""Cases of the patterns of the group Tables."""

from support.pattern_cases.case import TABLE, Case

NEW = {"table": "{table}", "new_name": "{new}"}
GRANTED = (
    TABLE
    + """
DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT, UPDATE ON {table} TO {role};
"""
)
PARTITIONED = """
CREATE TABLE {table} (id bigint NOT NULL, {column} text, n int DEFAULT 7, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE INDEX ON {table} (n);
CREATE TABLE {other} PARTITION OF {table} FOR VALUES FROM (0) TO (5000);
INSERT INTO {table} SELECT i, 'value ' || i, i FROM generate_series(1, 1000) i;
"""
RANGE = {"table": "{table}", "from": "5000", "to": "6000"}
PARTS = "SELECT count(*) = 2 FROM pg_inherits WHERE inhparent = {table}::regclass"

CASES: tuple[Case, ...] = (
    Case(
        "create_table",
        {
            "table": "{table}",
            "columns": "{column} text NOT NULL DEFAULT 'x', {new} numeric(9, 2)",
            "key": "{new2}",
        },
        "SELECT 1;",
        check="INSERT INTO {table} DEFAULT VALUES; SELECT {new2} = 1 AND {column} = 'x' FROM {table}",
        read=None,
        write=None,
    ),
    Case(
        "create_table",
        {"table": "{table}", "columns": "{column} text", "key_type": "uuid"},
        "SELECT 1;",
        check="INSERT INTO {table} DEFAULT VALUES; SELECT id IS NOT NULL FROM {table}",
        read=None,
        write=None,
        note="uuid",
    ),
    Case(
        "rename_table",
        NEW,
        GRANTED,
        check="UPDATE {table} SET n = -5 WHERE id = 5;"
        "SELECT n = -5 AND has_table_privilege({role}::, {table}::regclass, 'UPDATE') FROM {schema}.{new} WHERE id = 5",
    ),
    Case(
        "rename_table_finish",
        NEW,
        GRANTED,
        first=(("rename_table", NEW),),
        check="SELECT count(*) = 1000 FROM {schema}.{new}",
        read=None,
        write=None,
    ),
    Case(
        "create_partitioned_table",
        {
            "table": "{table}",
            "columns": "{column} text NOT NULL, n int NOT NULL",
            "column": "n",
            "key": "{column}, n",
            "partition": "{new}",
            "from": "0",
            "to": "10",
        },
        "SELECT 1;",
        check="INSERT INTO {table} VALUES ('x', 3); SELECT count(*) = 1 FROM {schema}.{new}",
        read=None,
        write=None,
    ),
    Case("add_partition", RANGE | {"partition": "{new}"}, PARTITIONED, check=PARTS, unchecked="False"),
    Case(
        "attach_partition",
        RANGE | {"partition": "{schema}.{new}", "column": "id"},
        PARTITIONED
        + "CREATE TABLE {schema}.{new} (LIKE {table} INCLUDING DEFAULTS INCLUDING INDEXES);"
        + "INSERT INTO {schema}.{new} SELECT i, 'x', i FROM generate_series(5000, 5999) i;",
        check=PARTS,
        unchecked="False",
    ),
    Case(
        "detach_partition",
        RANGE | {"partition": "{schema}.{new}", "column": "id"},
        PARTITIONED
        + "CREATE TABLE {schema}.{new} PARTITION OF {table} FOR VALUES FROM (5000) TO (6000);"
        + "INSERT INTO {table} SELECT i, 'x', i FROM generate_series(5000, 5999) i;",
        check="SELECT count(*) = 1 FROM pg_inherits WHERE inhparent = {table}::regclass",
        unchecked="False",
    ),
    Case(
        "drop_table",
        {"table": "{bare}", "schema": "{schema}", "trash": "{new}"},
        check="SELECT count(*) = 1000 FROM {new}.{bare}",
        read=None,
        write=None,
    ),
    Case(
        "drop_table_for_good",
        {"table": "{bare}", "trash": "{new}"},
        first=(("drop_table", {"table": "{bare}", "schema": "{schema}", "trash": "{new}"}),),
        check="SELECT to_regclass({table}::) IS NULL",
        read=None,
        write=None,
        verdict="irreversible",
        restores=False,
    ),
)
