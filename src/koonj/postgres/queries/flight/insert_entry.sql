-- Write the entry of a script in the transaction of the script.
WITH entry AS (
    INSERT INTO koonj.history (
        name, action, outcome, script, file_hash, statements_hash, rollback_hash, statements_done, statements_total,
        started, finished, transaction_id, os_user, host, version, run_id
    ) VALUES (
        %(name)s, %(action)s, %(outcome)s, %(script)s, %(file_hash)s, %(statements_hash)s, %(rollback_hash)s,
        %(statements_done)s, %(statements_total)s,
        -- Behind another script in the same transaction, now() is too early: then it began when that one ended.
        COALESCE(
            CASE WHEN %(follows)s::pg_catalog.bool THEN (
                SELECT h.finished
                FROM koonj.history AS h
                WHERE h.transaction_id OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.text
                ORDER BY h.id DESC
                LIMIT 1
            ) END,
            pg_catalog.now() OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => %(elapsed)s::pg_catalog.float8)
        ),
        pg_catalog.clock_timestamp(), pg_catalog.pg_current_xact_id()::pg_catalog.text,
        %(os_user)s, %(host)s, %(version)s, %(run_id)s
    )
    RETURNING id
)
-- include flight/row_guard
