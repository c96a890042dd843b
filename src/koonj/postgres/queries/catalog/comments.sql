-- Comments. An object that a catalog does not show has none in it.
SELECT CASE WHEN c.relkind = 'c' THEN t.tableoid ELSE d.classoid END,
       CASE WHEN c.relkind = 'c' THEN t.oid ELSE d.objoid END, quote_ident(a.attname), d.description
FROM pg_catalog.pg_description AS d
LEFT JOIN pg_catalog.pg_class AS c ON c.tableoid = d.classoid AND c.oid = d.objoid AND d.objsubid > 0
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = c.reltype
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.objsubid
LEFT JOIN pg_catalog.pg_namespace AS n ON d.classoid = n.tableoid AND d.objoid = n.oid AND n.nspname = 'public'
WHERE d.objoid >= 16384 AND n.oid IS NULL
UNION ALL
-- initdb comments on `public`, and pg_dump prints what differs from that.
SELECT n.tableoid, n.oid, NULL, coalesce(d.description, '')
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_description AS d ON d.classoid = n.tableoid AND d.objoid = n.oid AND d.objsubid = 0
WHERE n.nspname = 'public' AND d.description IS DISTINCT FROM 'standard public schema'
