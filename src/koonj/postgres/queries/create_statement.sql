-- Types and operators are qualified, as in create_history.sql. There is no foreign key: it would add triggers to
-- koonj.history, and a trigger can run code of another role.
CREATE TABLE koonj.statement (
    entry_id bigint NOT NULL,
    index integer NOT NULL,
    statement_hash pg_catalog.text NOT NULL,
    sent timestamp with time zone NOT NULL,
    backend_pid integer NOT NULL,
    backend_start timestamp with time zone,
    before pg_catalog.jsonb NOT NULL,
    state pg_catalog.text NOT NULL CHECK (state OPERATOR(pg_catalog.=) ANY (
        ARRAY['sent', 'done', 'settled']::pg_catalog.text[]
    )),
    evidence pg_catalog.text,
    reason pg_catalog.text,
    run_id pg_catalog.uuid NOT NULL,
    PRIMARY KEY (entry_id, index)
);

COMMENT ON TABLE koonj.statement IS 'Written before a statement that PostgreSQL refuses in a transaction is sent: what it was to change, and what was found out after an interruption. Row 0 of an entry is the session that ran it.';

ALTER TABLE koonj.statement DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
