"""Cases of the patterns of the group Columns."""

from support.pattern_cases.case import Case

COLUMN = {"table": "{table}", "column": "{column}"}
NEW = {"table": "{table}", "column": "{new}"}

FILLED = """
CREATE TABLE {table} (id int PRIMARY KEY, {column} varchar(20) NOT NULL DEFAULT 'new', n int);
INSERT INTO {table} SELECT i, 'value ' || i, i FROM generate_series(1, 1000) i;
"""
"""A table whose column has a value in each row."""


CASES: tuple[Case, ...] = (
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
)
