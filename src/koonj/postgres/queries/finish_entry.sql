-- An entry whose end another session has recorded meanwhile is left as it is. was: its outcome before.
UPDATE koonj.history
SET outcome = %(outcome)s, statements_done = %(statements_done)s, finished = pg_catalog.clock_timestamp(),
    error = %(error)s, sqlstate = %(sqlstate)s
WHERE id OPERATOR(pg_catalog.=) %(id)s
  AND outcome OPERATOR(pg_catalog.=) %(was)s
RETURNING pg_catalog.pg_current_xact_id()::pg_catalog.text
