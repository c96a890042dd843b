-- Comments. An object that a catalog does not show has none in it.
SELECT d.classoid, d.objoid, quote_ident(a.attname), d.description
FROM pg_catalog.pg_description AS d
LEFT JOIN pg_catalog.pg_attribute AS a ON d.objsubid > 0 AND a.attrelid = d.objoid AND a.attnum = d.objsubid
LEFT JOIN pg_catalog.pg_namespace AS n ON d.classoid = n.tableoid AND d.objoid = n.oid AND n.nspname = 'public'
WHERE d.objoid >= 16384 AND n.oid IS NULL
UNION ALL
-- initdb comments on `public`, and pg_dump prints what differs from that.
SELECT n.tableoid, n.oid, NULL, coalesce(d.description, '')
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_description AS d ON d.classoid = n.tableoid AND d.objoid = n.oid AND d.objsubid = 0
WHERE n.nspname = 'public' AND d.description IS DISTINCT FROM 'standard public schema'
