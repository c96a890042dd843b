-- The partitions of some partitioned tables, on all levels. Only catalogs are read: pg_partition_tree() would open the
-- tables and wait for their locks. Run it with an empty search_path, so that all operators are those of pg_catalog.
WITH RECURSIVE asked AS (
    SELECT a.name, c.oid
    FROM pg_catalog.unnest(%(tables)s::pg_catalog.text[]) AS a(name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(a.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = part[2]::pg_catalog.name
    WHERE c.relkind = 'p'
),
below AS (
    SELECT a.oid AS asked, i.inhrelid AS oid
    FROM asked AS a
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent = a.oid
    UNION
    SELECT b.asked, i.inhrelid
    FROM below AS b
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
),
part AS (
    SELECT b.asked, c.relkind, s.srvname::pg_catalog.text AS server,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
           -- A TOAST table has an index.
           (SELECT pg_catalog.count(*) FROM pg_catalog.pg_index AS x WHERE x.indrelid = c.oid)
           + CASE WHEN c.reltoastrelid <> 0 THEN 2 ELSE 0 END AS owned
    FROM below AS b
    JOIN pg_catalog.pg_class AS c ON c.oid = b.oid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_foreign_table AS f ON f.ftrelid = c.oid
    LEFT JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver
)
SELECT a.name,
       pg_catalog.count(*)::pg_catalog.int4,
       pg_catalog.sum(p.owned)::pg_catalog.int4,
       pg_catalog.count(*) FILTER (WHERE p.relkind = 'f')::pg_catalog.int4,
       -- A few names are enough for a sentence.
       (pg_catalog.array_agg(p.name ORDER BY p.name COLLATE "C") FILTER (WHERE p.relkind = 'f'))[1:3],
       pg_catalog.array_agg(DISTINCT p.server COLLATE "C") FILTER (WHERE p.server IS NOT NULL),
       pg_catalog.array_agg(p.name) FILTER (WHERE p.name = ANY (%(relations)s::pg_catalog.text[]))
FROM asked AS a
JOIN part AS p ON p.asked = a.oid
GROUP BY a.name
