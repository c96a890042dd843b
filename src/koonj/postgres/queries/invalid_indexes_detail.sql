-- INVALID indexes, with what decides how to repair them.
SELECT i.indexrelid, r.qualified, c.relname, t.qualified, k.conname,
       c.relkind OPERATOR(pg_catalog.=) 'I', c.relispartition
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_class AS o ON o.oid OPERATOR(pg_catalog.=) i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN LATERAL pg_catalog.format('%I.%I', n.nspname, c.relname) AS r (qualified)
CROSS JOIN LATERAL pg_catalog.format('%I.%I', n.nspname, o.relname) AS t (qualified)
LEFT JOIN pg_catalog.pg_constraint AS k
    ON k.conindid OPERATOR(pg_catalog.=) i.indexrelid AND k.conrelid OPERATOR(pg_catalog.=) i.indrelid
       AND k.contype OPERATOR(pg_catalog.=) ANY ('{p,u,x}')
WHERE NOT i.indisvalid
ORDER BY i.indexrelid
