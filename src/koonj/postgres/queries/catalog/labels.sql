-- Security labels.
SELECT CASE WHEN c.relkind = 'c' THEN t.tableoid ELSE l.classoid END,
       CASE WHEN c.relkind = 'c' THEN t.oid ELSE l.objoid END, quote_ident(a.attname), l.label,
       quote_ident(l.provider)
FROM pg_catalog.pg_seclabel AS l
LEFT JOIN pg_catalog.pg_class AS c ON c.tableoid = l.classoid AND c.oid = l.objoid AND l.objsubid > 0
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = c.reltype
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = l.objsubid
