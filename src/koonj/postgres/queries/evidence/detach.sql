-- pg_inherits.inhdetachpending is there since PostgreSQL 14, as is DETACH CONCURRENTLY.
SELECT i.inhdetachpending, pg_catalog.format('%%I.%%I', pn.nspname, p.relname),
       pg_catalog.format('%%I.%%I', cn.nspname, c.relname)
FROM pg_catalog.pg_inherits AS i
JOIN pg_catalog.pg_class AS p ON p.oid OPERATOR(pg_catalog.=) i.inhparent
JOIN pg_catalog.pg_namespace AS pn ON pn.oid OPERATOR(pg_catalog.=) p.relnamespace
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid
JOIN pg_catalog.pg_namespace AS cn ON cn.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE i.inhrelid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(child)s
  AND i.inhparent::pg_catalog.int8 OPERATOR(pg_catalog.=) %(parent)s
