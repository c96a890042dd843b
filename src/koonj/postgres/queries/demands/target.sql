-- The relations with these names on a target: what they are, how large, and their primary keys. The size is that of
-- the files, because statistics know nothing of a table that was never analyzed. foreign_parts: a partition or child
-- that is no table of this server.
WITH RECURSIVE named AS (
    SELECT w.name, c.oid, c.relkind
    FROM pg_catalog.unnest(%(names)s::text[]) AS w(name)
    JOIN pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
      ON pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
         pg_catalog.quote_ident(c.relname) OPERATOR(pg_catalog.=) w.name
), tree AS (
    SELECT named.name, named.oid FROM named
    UNION
    SELECT tree.name, h.inhrelid
    FROM tree
    JOIN pg_catalog.pg_inherits AS h ON h.inhparent OPERATOR(pg_catalog.=) tree.oid
), parts AS (
    SELECT tree.name,
           pg_catalog.sum(CASE WHEN c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m}'::"char"[])
                               THEN pg_catalog.pg_relation_size(c.oid) END) AS size,
           pg_catalog.bool_or(c.relkind OPERATOR(pg_catalog.<>) ALL ('{r,p,m}'::"char"[])) AS foreign_parts,
           pg_catalog.count(*) AS number
    FROM tree
    JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) tree.oid
    GROUP BY tree.name
)
SELECT named.name,
       named.relkind::text,
       coalesce(parts.size, 0)::bigint,
       parts.foreign_parts,
       parts.number::integer,
       ARRAY(
           SELECT pg_catalog.quote_ident(a.attname)
           FROM pg_catalog.pg_index AS i
           CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
           JOIN pg_catalog.pg_attribute AS a
               ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid AND a.attnum OPERATOR(pg_catalog.=) k.number
           JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
           WHERE i.indrelid OPERATOR(pg_catalog.=) named.oid
             AND i.indisprimary
             AND k.place OPERATOR(pg_catalog.<=) i.indnkeyatts
             AND t.typnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace
           ORDER BY k.place
       )
FROM named
JOIN parts USING (name)
