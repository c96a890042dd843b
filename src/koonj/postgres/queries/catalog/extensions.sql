-- Extensions that initdb did not create. Their version is omitted, as in pg_dump.
SELECT e.tableoid, e.oid, 'extension', quote_ident(e.extname),
       concat('CREATE EXTENSION ', quote_ident(e.extname), ' WITH SCHEMA ', quote_ident(n.nspname)),
       NULL, NULL, NULL, NULL, NULL
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.oid >= 16384
