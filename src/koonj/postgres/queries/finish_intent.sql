UPDATE koonj.statement
SET state = 'done'
WHERE entry_id OPERATOR(pg_catalog.=) %(entry_id)s AND index OPERATOR(pg_catalog.=) %(index)s
RETURNING entry_id
