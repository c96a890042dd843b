"""Cases of the patterns of the group Code."""

from support.pattern_cases.case import TABLE, Case

VIEW = TABLE + "CREATE VIEW {other} AS SELECT id, n FROM {table};"
QUERY = "SELECT id, n AS {column} FROM {table} WHERE n <= 100"
FUNCTION = """
CREATE FUNCTION {other}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := 2; RETURN NEW; END $$;
"""
UPDATED_AT = {"table": "{table}", "column": "{new}"}
TRIGGERS = "SELECT count(*) = 1 FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = {table}::regclass"

CASES: tuple[Case, ...] = (
    Case(
        "comment",
        {"name": "{table}", "text": "It's; -- the {table} table", "object": "TABLE"},
        check="SELECT obj_description({table}::regclass) LIKE 'It''s; -- the %'",
    ),
    Case(
        "comment",
        {"name": "{table}", "text": "new", "object": "TABLE", "previous": "it's old"},
        TABLE + "COMMENT ON TABLE {table} IS 'it''s old';",
        check="SELECT obj_description({table}::regclass) = 'new'",
        unchecked="False",
        note="again",
    ),
    Case("create_view", {"view": "{other}", "query": QUERY}, check="SELECT count(*) = 100 FROM {other}"),
    Case(
        "create_view",
        {"view": "{other}", "query": QUERY, "security_invoker": "yes"},
        check="SELECT reloptions = ARRAY['security_invoker=true'] FROM pg_class WHERE oid = {other}::regclass",
        note="invoker",
    ),
    Case(
        "replace_view",
        {
            "view": "{other}",
            "query": "SELECT id, -n AS n FROM {table}",
            "previous": "SELECT id, n FROM {table}",
        },
        VIEW,
        check="SELECT max(n) < 0 FROM {other}",
        unchecked="False",
    ),
    Case(
        "create_materialized_view",
        {"view": "{other}", "query": QUERY, "key": "id"},
        check="SELECT count(*) = 100 FROM {other}",
    ),
    Case(
        "refresh_materialized_view",
        {"view": "{other}"},
        TABLE
        + "CREATE MATERIALIZED VIEW {other} AS SELECT id FROM {table}; CREATE UNIQUE INDEX ON {other} (id);"
        + "DELETE FROM {table} WHERE id > 10;",
        check="SELECT count(*) = 10 FROM {other}",
    ),
    Case(
        "create_function",
        {"function": "{other}", "arguments": "a int, {new} int", "returns": "int", "expression": "a * {new}"},
        check="SELECT {other}(6, 7) = 42",
    ),
    Case(
        "create_function",
        {
            "function": "{other}",
            "returns": "date",
            "expression": "DATE '2000-01-01'",
            "volatility": "IMMUTABLE",
        },
        check="SELECT {other}() = '2000-01-01'",
        note="constant",
    ),
    Case(
        "add_trigger",
        {"table": "{table}", "function": "{other}"},
        TABLE + FUNCTION,
        check="UPDATE {table} SET n = 9 WHERE id = 3; SELECT n = 2 FROM {table} WHERE id = 3",
    ),
    Case(
        "add_trigger",
        {
            "table": "{table}",
            "function": "{other}",
            "timing": "AFTER",
            "events": "INSERT OR UPDATE OR DELETE",
            "level": "STATEMENT",
            "trigger": "{new}",
        },
        TABLE + FUNCTION,
        check=TRIGGERS,
        unchecked="False",
        note="statement",
    ),
    Case(
        "add_updated_at",
        UPDATED_AT,
        check="UPDATE {table} SET n = n + 1 WHERE id = 3;"
        "SELECT (SELECT {new} FROM {table} WHERE id = 3) > (SELECT {new} FROM {table} WHERE id = 4)",
    ),
    Case(
        "add_audit_trigger",
        {"table": "{table}"},
        check=TRIGGERS,
        unchecked="False",
    ),
    Case(
        "add_audit_trigger",
        {"table": "{table}", "audit": "{new}"},
        check="DELETE FROM {table} WHERE id = 3;"
        "SELECT count(*) = 1 FROM {schema}.{new} WHERE operation = 'DELETE' AND old_row ->> 'n' = '3' AND new_row IS NULL",
        note="named",
    ),
)
