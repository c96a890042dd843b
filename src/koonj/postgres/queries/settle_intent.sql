UPDATE koonj.statement
SET state = 'settled', evidence = %(evidence)s, reason = %(reason)s
WHERE entry_id OPERATOR(pg_catalog.=) %(entry_id)s AND index OPERATOR(pg_catalog.=) %(index)s AND state OPERATOR(pg_catalog.=) 'sent'
