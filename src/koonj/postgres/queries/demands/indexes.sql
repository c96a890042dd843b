-- The indexes of the relations. indnullsnotdistinct is a column of 15.
SELECT i.indexrelid::bigint,
       i.indrelid::bigint,
       pg_catalog.quote_ident(c.relname),
       i.indisunique,
       i.indisexclusion,
       i.indisvalid,
       coalesce((pg_catalog.to_jsonb(i) OPERATOR(pg_catalog.->>) 'indnullsnotdistinct')::boolean, false),
       am.amname,
       (i.indkey::int2[])::integer[],
       i.indnkeyatts::integer,
       coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), ''),
       ARRAY(
           SELECT pg_catalog.pg_get_indexdef(i.indexrelid, k, false)
           FROM pg_catalog.generate_series(1, i.indnkeyatts::integer) AS k ORDER BY k
       ),
       ARRAY(
           SELECT CASE WHEN o.oid IS NULL THEN '' ELSE pg_catalog.format(' COLLATE %%I.%%I', n.nspname, o.collname) END
           FROM pg_catalog.unnest(i.indcollation::oid[]) WITH ORDINALITY AS u(oid, place)
           LEFT JOIN pg_catalog.pg_collation AS o
               ON o.oid OPERATOR(pg_catalog.=) u.oid AND o.collname OPERATOR(pg_catalog.<>) 'default'
           LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) o.collnamespace
           ORDER BY u.place
       ),
       coalesce((SELECT h.inhparent::bigint FROM pg_catalog.pg_inherits AS h
                 WHERE h.inhrelid OPERATOR(pg_catalog.=) i.indexrelid), 0)
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_class AS r ON r.oid OPERATOR(pg_catalog.=) i.indrelid
JOIN pg_catalog.pg_am AS am ON am.oid OPERATOR(pg_catalog.=) c.relam
WHERE i.indrelid OPERATOR(pg_catalog.>=) 16384::oid
  AND r.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::"char"[])
  AND (%(oids)s::oid[] IS NULL OR i.indrelid OPERATOR(pg_catalog.=) ANY (%(oids)s::oid[]))
ORDER BY i.indexrelid
