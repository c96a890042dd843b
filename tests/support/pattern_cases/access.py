"""Cases of the patterns of the group Access."""

from support.pattern_cases.case import TABLE, Case

ROLE = """
DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT {role} TO CURRENT_USER;
"""
ON_TABLE = {"table": "{table}", "role": "{role}"}
ON_SCHEMA = {"schema": "{schema}", "role": "{role}"}
MAY_READ = "SELECT has_table_privilege({role}::, {table}::regclass, 'SELECT')"

CASES: tuple[Case, ...] = (
    Case(
        "create_role",
        {"role": "{new}"},
        check="SELECT NOT rolcanlogin FROM pg_roles WHERE rolname = {new}::",
    ),
    Case(
        "create_role",
        {"role": "{new2}", "login": "yes"},
        check="SELECT rolcanlogin FROM pg_roles WHERE rolname = {new2}::",
        note="login",
    ),
    Case("grant_on_table", ON_TABLE, TABLE + ROLE, check=MAY_READ, unchecked="False"),
    Case(
        "grant_on_table",
        ON_TABLE | {"privileges": "SELECT, INSERT, UPDATE, DELETE"},
        TABLE + ROLE,
        check="SELECT has_table_privilege({role}::, {table}::regclass, 'DELETE')",
        unchecked="False",
        note="all",
    ),
    Case("grant_on_schema", ON_SCHEMA, TABLE + ROLE, check=MAY_READ, unchecked="False"),
    Case(
        "grant_on_schema",
        ON_SCHEMA | {"privileges": "SELECT, INSERT, UPDATE, DELETE"},
        TABLE + ROLE,
        check="SELECT has_sequence_privilege({role}::, pg_get_serial_sequence({table}::, 'id'), 'USAGE')",
        unchecked="False",
        note="write",
    ),
    Case(
        "default_privileges",
        ON_SCHEMA | {"privileges": "SELECT, INSERT, UPDATE, DELETE", "creator": "{role}"},
        TABLE + ROLE,
        check="SELECT count(*) = 2 FROM pg_default_acl WHERE defaclrole = {role}::regrole",
        unchecked="False",
        note="creator",
    ),
    Case(
        "default_privileges",
        ON_SCHEMA,
        TABLE + ROLE,
        check="SELECT count(*) = 1 FROM pg_default_acl WHERE defaclacl::text LIKE '%' || {role}:: || '%'",
        unchecked="False",
        names=("long",),
    ),
    Case(
        "add_policy",
        ON_TABLE | {"condition": "n < 10"},
        TABLE + ROLE + "GRANT SELECT ON {table} TO {role}; GRANT USAGE ON SCHEMA {schema} TO {role};",
        check="SET ROLE {role}; SELECT count(*) = 9 FROM {table}",
        unchecked="False",
    ),
    Case(
        "add_policy",
        {"table": "{table}", "condition": "n < 10", "command": "INSERT", "enable": "no"},
        check="SELECT polcmd = 'a' FROM pg_policy WHERE polrelid = {table}::regclass",
        note="insert",
    ),
    Case(
        "create_extension",
        {"extension": "pg_trgm", "schema": "{schema}"},
        check="SELECT count(*) = 1 FROM pg_extension WHERE extname = 'pg_trgm'",
        unchecked="False",
        names=("odd",),
    ),
)
