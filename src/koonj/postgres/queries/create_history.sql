-- All types and operators are qualified: the search_path stays the role's own, for event triggers that need it.
CREATE TABLE koonj.history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name pg_catalog.text NOT NULL,
    action pg_catalog.text NOT NULL CHECK (action OPERATOR(pg_catalog.=) ANY (
        ARRAY['apply', 'rollback', 'adopt', 'allow']::pg_catalog.text[]
    )),
    outcome pg_catalog.text NOT NULL CHECK (outcome OPERATOR(pg_catalog.=) ANY (
        ARRAY['started', 'done', 'failed']::pg_catalog.text[]
    )),
    script pg_catalog.text NOT NULL,
    file_hash pg_catalog.text NOT NULL,
    statements_hash pg_catalog.text NOT NULL,
    rollback_hash pg_catalog.text NOT NULL,
    statements_done integer NOT NULL,
    statements_total integer NOT NULL,
    started timestamp with time zone NOT NULL,
    finished timestamp with time zone,
    reason pg_catalog.text,
    allowed pg_catalog.text,
    error pg_catalog.text,
    sqlstate pg_catalog.text,
    transaction_id pg_catalog.text,
    database_role pg_catalog.text NOT NULL DEFAULT CURRENT_USER,
    os_user pg_catalog.text NOT NULL,
    host pg_catalog.text NOT NULL,
    version pg_catalog.text NOT NULL,
    run_id pg_catalog.uuid NOT NULL
);

COMMENT ON TABLE koonj.history IS 'One row per apply, rollback or decision for a migration. Rows are never deleted.';

-- An event trigger can turn row-level security on for every new table.
ALTER TABLE koonj.history DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
