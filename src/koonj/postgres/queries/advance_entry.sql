UPDATE koonj.history SET statements_done = %(statements_done)s WHERE id OPERATOR(pg_catalog.=) %(id)s
RETURNING pg_catalog.pg_current_xact_id()::pg_catalog.text
