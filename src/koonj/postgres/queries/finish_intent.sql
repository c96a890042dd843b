UPDATE koonj.statement
SET state = 'done', xid = pg_catalog.pg_current_xact_id()::pg_catalog.text
WHERE entry_id OPERATOR(pg_catalog.=) %(entry_id)s AND index OPERATOR(pg_catalog.=) %(index)s
RETURNING entry_id
