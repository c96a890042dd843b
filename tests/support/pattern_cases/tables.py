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
CREATE TABLE {other} PARTITION OF {table} FOR VALUES FROM (0) TO (5000000);
INSERT INTO {table} SELECT i, 'value ' || i, i FROM generate_series(1, {rows}) i;
"""
RANGE = {"table": "{table}", "from": "5000000", "to": "6000000"}
PARTS = "SELECT count(*) = 2 FROM pg_inherits WHERE inhparent = {table}::regclass"
GROWING = """
DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE {other} (id int PRIMARY KEY); INSERT INTO {other} VALUES (1), (2);
CREATE TABLE {table} (gone int, id bigserial PRIMARY KEY, {column} text CHECK ({column} <> ''), n int DEFAULT 1 REFERENCES {other},
    twice bigint GENERATED ALWAYS AS (id * 2) STORED, UNIQUE ({column}, id));
ALTER TABLE {table} DROP gone;
CREATE INDEX ON {table} (lower({column})) WHERE n > 1;
COMMENT ON TABLE {table} IS 'it''s mine'; COMMENT ON COLUMN {table}.n IS 'which';
GRANT SELECT, INSERT ON {table} TO {role} WITH GRANT OPTION; GRANT UPDATE (n) ON {table} TO {role}, PUBLIC;
INSERT INTO {table} ({column}) SELECT 'value ' || i FROM generate_series(1, {rows}) i;
"""
PARTITION = {
    "table": "{table}",
    "column": "id",
    "from": "0",
    "to": "5000000",
    "until": "6000000",
    "next": "{new}",
}

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
        check="SELECT count(*) = {rows} FROM {schema}.{new}",
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
        + "INSERT INTO {schema}.{new} SELECT i + 5000000, 'x', i FROM generate_series(0, {rows} - 1) i;",
        check=PARTS,
        unchecked="False",
    ),
    Case(
        "detach_partition",
        RANGE | {"partition": "{schema}.{new}", "column": "id"},
        PARTITIONED
        + "CREATE TABLE {schema}.{new} PARTITION OF {table} FOR VALUES FROM (5000000) TO (6000000);"
        + "INSERT INTO {table} SELECT i + 5000000, 'x', i FROM generate_series(0, {rows} - 1) i;",
        check="SELECT count(*) = 1 FROM pg_inherits WHERE inhparent = {table}::regclass",
        unchecked="False",
    ),
    Case(
        "partition_existing_table",
        PARTITION | {"partition": "{new2}"},
        GROWING,
        check="""
            SELECT count(*) = {rows} AND (SELECT count(*) = 0 FROM {schema}.{new})
                AND (SELECT count(*) = {rows} FROM {schema}.{new2})
                AND has_table_privilege({role}::, {table}::regclass, 'INSERT WITH GRANT OPTION')
                AND has_column_privilege({role}::, {table}::regclass, 'n', 'UPDATE')
                AND obj_description({table}::regclass) = 'it''s mine'
                AND nextval(pg_get_serial_sequence({table}::, 'id')) > {rows}
            FROM {table}
        """,
    ),
    Case(
        "drop_table",
        {"table": "{bare}", "schema": "{schema}", "trash": "{new}"},
        check="SELECT count(*) = {rows} FROM {new}.{bare}",
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
