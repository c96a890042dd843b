-- Comments. koonj ignores comments on objects that are not in its catalog.
SELECT CASE WHEN c.relkind = 'c' THEN t.tableoid ELSE d.classoid END,
       CASE WHEN c.relkind = 'c' THEN t.oid ELSE d.objoid END, quote_ident(a.attname), d.description
FROM pg_catalog.pg_description AS d
LEFT JOIN pg_catalog.pg_class AS c ON c.tableoid = d.classoid AND c.oid = d.objoid AND d.objsubid > 0
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = c.reltype
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.objsubid
LEFT JOIN pg_catalog.pg_namespace AS n ON d.classoid = n.tableoid AND d.objoid = n.oid AND n.nspname = 'public'
WHERE d.objoid >= 16384 AND n.oid IS NULL
UNION ALL
-- initdb writes a comment on `public`. pg_dump prints the comment only if it differs from that.
SELECT n.tableoid, n.oid, NULL, coalesce(d.description, '')
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_description AS d ON d.classoid = n.tableoid AND d.objoid = n.oid AND d.objsubid = 0
WHERE n.nspname = 'public' AND d.description IS DISTINCT FROM 'standard public schema'
