-- Things that a copy of the schema omits, in words.
SELECT 'subscription ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(s.subname)
FROM pg_catalog.pg_subscription AS s
JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.subdbid
WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
UNION
SELECT 'tablespace ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(t.spcname)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_tablespace AS t ON t.oid OPERATOR(pg_catalog.=) c.reltablespace
WHERE t.spcname OPERATOR(pg_catalog.!~) '^pg_'
ORDER BY 1
