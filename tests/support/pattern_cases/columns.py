"""Cases of the patterns of the group Columns."""

from support.pattern_cases.case import Case

COLUMN = {"table": "{table}", "column": "{column}"}
NEW = {"table": "{table}", "column": "{new}"}

FILLED = """
CREATE TABLE {table} (id int PRIMARY KEY, {column} varchar(20) NOT NULL DEFAULT 'new', n int);
INSERT INTO {table} SELECT i, 'value ' || i, i FROM generate_series(1, {rows}) i;
"""
"""A table whose column has a value in each row."""

GRANTED = FILLED + "GRANT ALL ON {table} TO PUBLIC;"
NUMBERS = """
CREATE TABLE {table} (id int PRIMARY KEY, {column} int NOT NULL DEFAULT 1);
INSERT INTO {table} SELECT i, i FROM generate_series(1, {rows}) i;
"""
COPY = {**COLUMN, "new_column": "{new}"}
SWAP = {**COPY, "old_column": "{new2}"}
NO_INDEX = "UPDATE {table} SET {column} = 8 - {column} WHERE id = 7"
RENAME = {**COLUMN, "new_name": "{new}"}


CASES: tuple[Case, ...] = (
    Case(
        "add_column",
        {**NEW, "type": "varchar(50)", "default": "'it''s'"},
        check="SELECT bool_and({new} = 'it''s') FROM {table}",
    ),
    Case(
        "add_nullable_column",
        {**NEW, "type": "timestamptz"},
        check="SELECT bool_and({new} IS NULL) FROM {table}",
    ),
    Case(
        "set_not_null",
        COLUMN,
        setup=FILLED.replace(" NOT NULL", ""),
        check="SELECT attnotnull FROM pg_attribute WHERE attrelid = {table}::regclass AND attnum = 2",
        unchecked="False",
    ),
    Case(
        "drop_not_null",
        COLUMN,
        setup=FILLED,
        check="SELECT NOT attnotnull FROM pg_attribute WHERE attrelid = {table}::regclass AND attnum = 2",
        unchecked="False",
    ),
    Case(
        "set_default",
        {**COLUMN, "default": "'it''s ' || 1"},
        check="SELECT pg_get_expr(adbin, adrelid) LIKE '%it''''s%' FROM pg_attrdef WHERE adrelid = {table}::regclass AND adnum = 2",
    ),
    Case(
        "set_default",
        {**COLUMN, "default": "'active'", "previous": "'new'"},
        setup=FILLED,
        check="SELECT pg_get_expr(adbin, adrelid) = '''active''::character varying' FROM pg_attrdef WHERE adrelid = {table}::regclass",
        unchecked="False",
        note="again",
    ),
    Case(
        "drop_default",
        {**COLUMN, "previous": "'new'"},
        setup=FILLED,
        check="SELECT NOT atthasdef FROM pg_attribute WHERE attrelid = {table}::regclass AND attnum = 2",
        unchecked="False",
    ),
    Case(
        "comment_on_column",
        {**COLUMN, "comment": "it's; $$ {{x}} -- new"},
        check="SELECT col_description({table}::regclass, 2) = 'it''s; $$ {x} -- new'",
    ),
    Case(
        "comment_on_column",
        {**COLUMN, "comment": "new", "previous": "old"},
        setup=FILLED + "COMMENT ON COLUMN {table}.{column} IS 'old';",
        check="SELECT col_description({table}::regclass, 2) = 'new'",
        unchecked="False",
        note="again",
    ),
    Case(
        "add_column_with_backfill",
        {**NEW, "type": "uuid", "default": "gen_random_uuid()"},
        check="SELECT count(DISTINCT {new}) = count(*) AND count(*) >= {rows} FROM {table}",
    ),
    Case(
        "add_column_with_backfill",
        {**NEW, "type": "text", "default": "'none'", "value": "lower({column})", "not_null": "no"},
        setup=FILLED,
        check="SELECT bool_and({new} = lower({column})) FROM {table}",
        note="nullable",
    ),
    Case(
        "add_identity",
        {"table": "{table}", "column": "id"},
        setup=FILLED,
        check="WITH added AS (INSERT INTO {table} DEFAULT VALUES RETURNING id) SELECT id > {rows} FROM added",
    ),
    Case(
        "add_generated_column",
        {**NEW, "type": "text", "value": "upper({column}) || n", "function": "{new2}"},
        setup=FILLED,
        check="SELECT bool_and({new} = upper({column}) || n) FROM {table}",
        write="UPDATE {table} SET n = n + 1 WHERE id = 7",
    ),
    Case(
        "drop_column",
        {**COLUMN, "hidden": "{new}"},
        check="SELECT count({new}) = {rows} FROM {table}",
    ),
    Case(
        "drop_column",
        {**COLUMN, "not_null": "yes"},
        setup=FILLED.replace("DEFAULT 'new'", ""),
        check="SELECT NOT attnotnull FROM pg_attribute WHERE attrelid = {table}::regclass AND attnum = 2",
        unchecked="False",
        note="not_null",
    ),
    Case(
        "drop_column_for_good",
        {**COLUMN, "hidden": "{new}"},
        first=(("drop_column", {**COLUMN, "hidden": "{new}"}),),
        check="SELECT attisdropped FROM pg_attribute WHERE attrelid = {table}::regclass AND attnum = 2",
        verdict="irreversible",
        restores=False,
    ),
    Case(
        "rename_column",
        RENAME,
        setup=GRANTED,
        check="""
            WITH old AS (INSERT INTO {table} (id, {column}) VALUES (-1, 'old') RETURNING 1),
                new AS (INSERT INTO {table} (id, {new}) VALUES (-2, 'new') RETURNING 1)
            SELECT (SELECT bool_and({column} = {new}) FROM {table}) AND EXISTS (SELECT FROM old, new)
                AND has_table_privilege('pg_monitor', {table}::regclass, 'UPDATE')
        """,
    ),
    Case(
        "rename_column_finish",
        RENAME,
        setup=GRANTED,
        first=(("rename_column", RENAME),),
        check="SELECT relkind = 'r' FROM pg_class WHERE oid = {table}::regclass",
        unchecked="False",
    ),
    Case(
        "change_type",
        {**COLUMN, "previous": "varchar(20)"},
        setup=FILLED + "CREATE INDEX ON {table} ({column}, n);",
        check="SELECT atttypid = 'text'::regtype FROM pg_attribute WHERE attrelid = {table}::regclass AND attnum = 2",
        unchecked="False",
    ),
    Case(
        "change_type_with_copy",
        {**COPY, "type": "bigint"},
        setup=NUMBERS,
        check="SELECT bool_and({new} = {column}) FROM {table}",
        write=NO_INDEX,
    ),
    Case(
        "change_type_with_copy",
        {**COPY, "type": "text", "not_null": "no"},
        setup=NUMBERS.replace("NOT NULL DEFAULT 1", "").replace("SELECT i, i", "SELECT i, nullif(i, 9)"),
        check="SELECT bool_and({new} IS NOT DISTINCT FROM CAST({column} AS text)) FROM {table}",
        write=NO_INDEX,
        note="nullable",
    ),
    Case(
        "change_type_swap",
        SWAP,
        setup=NUMBERS,
        first=(("change_type_with_copy", {**COPY, "type": "bigint"}),),
        check="""
            WITH new AS (INSERT INTO {table} (id) VALUES (-1) RETURNING pg_typeof({column}), {new2} = {column})
            SELECT new = ROW('bigint'::regtype, true) AND (SELECT bool_and({column} = {new2}) FROM {table}) FROM new
        """,
        write=NO_INDEX,
    ),
    Case(
        "change_type_finish",
        {**COLUMN, "old_column": "{new2}"},
        setup=NUMBERS,
        first=(("change_type_with_copy", {**COPY, "type": "bigint"}), ("change_type_swap", SWAP)),
        check="SELECT max({column}) = {rows} AND count(*) = {rows} FROM {table}",
        write=NO_INDEX,
        verdict="irreversible",
        restores=False,
    ),
)
