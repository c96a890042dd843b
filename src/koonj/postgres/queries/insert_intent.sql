INSERT INTO koonj.statement (
    entry_id, index, statement_hash, sent, backend_pid, backend_start, before, state, run_id
)
SELECT s.entry_id, %(index)s, %(statement_hash)s, pg_catalog.clock_timestamp(), s.backend_pid, s.backend_start,
       %(before)s::pg_catalog.jsonb, 'sent', s.run_id
FROM koonj.statement AS s
WHERE s.entry_id OPERATOR(pg_catalog.=) %(entry_id)s AND s.index OPERATOR(pg_catalog.=) 0
RETURNING entry_id
