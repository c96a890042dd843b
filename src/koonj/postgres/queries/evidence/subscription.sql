SELECT s.oid::pg_catalog.int8
FROM pg_catalog.pg_subscription AS s
JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.subdbid
WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
  AND s.subname OPERATOR(pg_catalog.=) %(name)s::pg_catalog.name
