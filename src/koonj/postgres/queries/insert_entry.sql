-- guarded: raise invalid_text_representation unless this session holds the koonj lock and the row is written.
WITH entry AS (
    INSERT INTO koonj.history (
        name, action, outcome, script, file_hash, statements_hash, rollback_hash, statements_done, statements_total,
        started, finished, reason, allowed, error, sqlstate, transaction_id, os_user, host, version, run_id
    )
    SELECT
        %(name)s, %(action)s, %(outcome)s, %(script)s, %(file_hash)s, %(statements_hash)s, %(rollback_hash)s,
        %(statements_done)s, %(statements_total)s,
        CASE WHEN %(transactional)s::pg_catalog.bool THEN pg_catalog.now() ELSE pg_catalog.clock_timestamp() END
            OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => %(elapsed)s::pg_catalog.float8),
        CASE WHEN %(ended)s::pg_catalog.bool THEN pg_catalog.clock_timestamp() END,
        %(reason)s, %(allowed)s, %(error)s, %(sqlstate)s,
        CASE WHEN %(transactional)s::pg_catalog.bool THEN pg_catalog.pg_current_xact_id()::pg_catalog.text END,
        %(os_user)s, %(host)s, %(version)s, %(run_id)s
    WHERE CASE
        WHEN NOT %(guarded)s::pg_catalog.bool THEN true
        WHEN EXISTS (
            SELECT FROM pg_catalog.pg_locks AS l
            WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
              AND l.granted
              AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
              AND l.objsubid OPERATOR(pg_catalog.=) 1
              AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(high)s::pg_catalog.int8
              AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(low)s::pg_catalog.int8
              AND l.database OPERATOR(pg_catalog.=) (
                  SELECT d.oid FROM pg_catalog.pg_database AS d
                  WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
              )
        ) THEN true
        ELSE ('koonj: lock released by ' OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.bool
    END
    RETURNING id, pg_catalog.pg_current_xact_id()::pg_catalog.text AS transaction_id
)
SELECT e.id, e.transaction_id FROM entry AS e
UNION ALL
SELECT ('koonj: no row written by ' OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.int8, NULL
WHERE %(guarded)s::pg_catalog.bool AND NOT EXISTS (SELECT FROM entry)
