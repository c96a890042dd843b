-- An entry whose end another session has recorded meanwhile is left as it is.
UPDATE koonj.history SET statements_done = %(statements_done)s
WHERE id OPERATOR(pg_catalog.=) %(id)s
  AND outcome OPERATOR(pg_catalog.=) 'started'
RETURNING pg_catalog.pg_current_xact_id()::pg_catalog.text
