"""Checks of the finished sample schema with queries on PostgreSQL's catalog."""

import psycopg
import pytest

TABLES = {
    "users", "roles", "permissions", "sessions", "conversations", "documents", "document_chunks", "feedback",
    "audit_log", "analytics_events", "system_config", "scrape_jobs", "translation_cache", "model_versions",
    "events", "api_keys",
}  # fmt: skip

HERE = "relnamespace = 'public'::regnamespace"

NOTHING_FOUND = {
    "table without a primary key": f"""
        SELECT relname FROM pg_class c WHERE {HERE} AND relkind = 'r'
        AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)""",
    "foreign key without an index that starts with its columns": """
        SELECT conname FROM pg_constraint f WHERE contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = f.conrelid AND i.indisvalid AND i.indpred IS NULL
            AND (SELECT array_agg(k ORDER BY k) FROM unnest((i.indkey::int2[])[0:cardinality(f.conkey) - 1]) k)
              = (SELECT array_agg(k ORDER BY k) FROM unnest(f.conkey) k))""",
    "invalid index": "SELECT indexrelid::regclass FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive)",
    "index that another one makes redundant": """
        SELECT a.indexrelid::regclass FROM pg_index a JOIN pg_index b USING (indrelid)
        JOIN pg_class ca ON ca.oid = a.indexrelid JOIN pg_class cb ON cb.oid = b.indexrelid
        WHERE a.indexrelid <> b.indexrelid AND ca.relam = cb.relam AND NOT a.indisunique
        AND a.indrelid::regclass::text NOT LIKE 'pg_%' AND b.indpred IS NULL AND a.indpred IS NULL
        AND a.indexprs IS NULL AND (b.indkey::int2[])[0:a.indnatts - 1] = (a.indkey::int2[])[0:a.indnatts - 1]""",
    "constraint that was never validated": "SELECT conname FROM pg_constraint WHERE NOT convalidated",
    "type that should not be used": f"""
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE {HERE} AND relkind = 'r' AND attnum > 0 AND NOT attisdropped AND a.atttypid IN
        ('timestamp'::regtype, 'timetz'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'json'::regtype, 'money'::regtype)""",
    "identity that can run out": """
        SELECT attrelid::regclass, attname FROM pg_attribute
        WHERE attidentity <> '' AND (atttypid <> 'bigint'::regtype OR attidentity <> 'a')""",
    "serial": f"SELECT relname FROM pg_class c WHERE {HERE} AND relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'i')",
    "table without a comment": f"""
        SELECT relname FROM pg_class c WHERE {HERE} AND relkind = 'r' AND obj_description(oid, 'pg_class') IS NULL""",
    "updated_at without a trigger": f"""
        SELECT relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE {HERE} AND relkind = 'r' AND attname = 'updated_at' AND NOT EXISTS (
            SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'set_updated_at'::regproc)""",
    "constraint with a generated name": """
        SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
        AND conname ~ '_check[0-9]*$'""",
    "extension": "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'",
}  # fmt: skip


FLAWS = {
    "table without a primary key": "CREATE TABLE flaw (a bigint)",
    "foreign key without an index that starts with its columns": """
        CREATE TABLE flaw (a bigint, b bigint REFERENCES feedback, PRIMARY KEY (a, b))""",
    "invalid index": "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_role_idx'::regclass",
    "index that another one makes redundant": "CREATE INDEX flaw ON conversations (user_id)",
    "constraint that was never validated": "ALTER TABLE users ADD CONSTRAINT flaw CHECK (email <> '') NOT VALID",
    "type that should not be used": "CREATE TABLE flaw (a varchar(50))",
    "identity that can run out": "CREATE TABLE flaw (a integer GENERATED ALWAYS AS IDENTITY)",
    "serial": "CREATE TABLE flaw (a bigserial)",
    "table without a comment": "CREATE TABLE flaw (a bigint)",
    "updated_at without a trigger": "CREATE TABLE flaw (updated_at timestamptz)",
    "constraint with a generated name": "CREATE TABLE flaw (a bigint CHECK (a > 0))",
    "extension": "UPDATE pg_extension SET extname = 'flaw'",
}


def test_tables_are_the_expected_ones(connection: psycopg.Connection) -> None:
    rows = connection.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND " + HERE)
    assert {row[0] for row in rows} == TABLES


@pytest.mark.parametrize("what", NOTHING_FOUND)
def test_schema_has_none_of_the_flaws(what: str, connection: psycopg.Connection) -> None:
    assert connection.execute(NOTHING_FOUND[what].encode()).fetchall() == []


@pytest.mark.parametrize("what", NOTHING_FOUND)
def test_query_finds_the_flaw(what: str, connection: psycopg.Connection) -> None:
    connection.execute(FLAWS[what].encode())
    assert len(connection.execute(NOTHING_FOUND[what].encode()).fetchall()) == 1


def test_schema_has_18_foreign_keys(connection: psycopg.Connection) -> None:
    row = connection.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f'").fetchone()
    assert row is not None
    assert row[0] == 18
