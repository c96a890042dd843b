CREATE TABLE IF NOT EXISTS koonj.history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    action text NOT NULL CHECK (action IN ('apply', 'rollback', 'adopt', 'allow')),
    outcome text NOT NULL CHECK (outcome IN ('started', 'done', 'failed')),
    script text NOT NULL,
    file_hash text NOT NULL,
    statements_hash text NOT NULL,
    rollback_hash text NOT NULL,
    statements_done integer NOT NULL,
    statements_total integer NOT NULL,
    started timestamp with time zone NOT NULL,
    finished timestamp with time zone,
    reason text,
    allowed text,
    error text,
    sqlstate text,
    transaction_id text,
    database_role text NOT NULL DEFAULT CURRENT_USER,
    os_user text NOT NULL,
    host text NOT NULL,
    version text NOT NULL,
    run_id uuid NOT NULL
);

COMMENT ON TABLE koonj.history IS 'One row per apply, rollback or decision for a migration. Rows are never deleted.';

-- Every role that can connect can read what has run, so that `koonj status` works with a read-only role.
-- Only the owner can read scripts and errors, because they can contain data.
GRANT SELECT (
    id, name, action, outcome, file_hash, statements_hash, rollback_hash, statements_done, statements_total,
    started, finished, reason, allowed, sqlstate, transaction_id, database_role, os_user, host, version, run_id
) ON koonj.history TO PUBLIC;
