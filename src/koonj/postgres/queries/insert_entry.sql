INSERT INTO koonj.history (
    name, action, outcome, script, file_hash, statements_hash, rollback_hash, statements_done, statements_total,
    started, finished, reason, allowed, error, sqlstate, transaction_id, os_user, host, version, run_id
) VALUES (
    %(name)s, %(action)s, %(outcome)s, %(script)s, %(file_hash)s, %(statements_hash)s, %(rollback_hash)s,
    %(statements_done)s, %(statements_total)s,
    CASE WHEN %(transactional)s::pg_catalog.bool THEN pg_catalog.now() ELSE pg_catalog.clock_timestamp() END
        OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => %(elapsed)s::pg_catalog.float8),
    CASE WHEN %(ended)s::pg_catalog.bool THEN pg_catalog.clock_timestamp() END,
    %(reason)s, %(allowed)s, %(error)s, %(sqlstate)s,
    CASE WHEN %(transactional)s::pg_catalog.bool THEN pg_catalog.pg_current_xact_id()::pg_catalog.text END,
    %(os_user)s, %(host)s, %(version)s, %(run_id)s
)
RETURNING id, pg_catalog.pg_current_xact_id()::pg_catalog.text
