-- What statements that stopped in the middle leave: INVALID indexes (not those that are being built), indexes of a
-- REINDEX CONCURRENTLY, detaches that are pending, constraints that are NOT VALID. Catalogs of some versions lack a
-- column, so it is read through jsonb.
SELECT CASE
           WHEN c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' THEN 'rebuild'
           WHEN NOT i.indislive THEN 'drop'
           ELSE 'index'
       END,
       pg_catalog.format('%I.%I', n.nspname, c.relname),
       pg_catalog.format('%I.%I', n.nspname, t.relname)
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid OPERATOR(pg_catalog.=) i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE NOT i.indisvalid
  AND c.relkind OPERATOR(pg_catalog.=) 'i'
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_stat_progress_create_index AS b
      WHERE b.index_relid OPERATOR(pg_catalog.=) i.indexrelid
  )
UNION ALL
SELECT 'detach', pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.format('%I.%I', m.nspname, p.relname)
FROM pg_catalog.pg_inherits AS h
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) h.inhrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_class AS p ON p.oid OPERATOR(pg_catalog.=) h.inhparent
JOIN pg_catalog.pg_namespace AS m ON m.oid OPERATOR(pg_catalog.=) p.relnamespace
WHERE c.relispartition
  AND (pg_catalog.to_jsonb(h) OPERATOR(pg_catalog.->>) 'inhdetachpending') OPERATOR(pg_catalog.=) 'true'
UNION ALL
SELECT 'constraint', pg_catalog.quote_ident(k.conname), pg_catalog.format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE NOT k.convalidated
  AND k.conparentid OPERATOR(pg_catalog.=) 0
  AND coalesce(pg_catalog.to_jsonb(k) OPERATOR(pg_catalog.->>) 'conenforced', 'true') OPERATOR(pg_catalog.=) 'true'
ORDER BY 1, 2
