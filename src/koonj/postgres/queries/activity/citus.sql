-- What Citus says of this node and of these tables. Its catalogs are in pg_catalog, and everybody may read them. Run it
-- only in a database with the extension, and with an empty search_path, so that all operators are those of pg_catalog.
SELECT (SELECT pg_catalog.max(g.groupid) FROM pg_catalog.pg_dist_local_group AS g),
       coalesce(pg_catalog.current_setting('citus.enable_ddl_propagation', true), 'on') = 'on',
       coalesce(pg_catalog.current_setting('citus.enable_unsafe_triggers', true), 'off') = 'on',
       (
           SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
               w.name, p.partmethod, p.repmodel, p.colocationid, a.attname
           ))
           FROM pg_catalog.unnest(%(relations)s::pg_catalog.text[]) AS w(name)
           CROSS JOIN LATERAL pg_catalog.parse_ident(w.name) AS part
           JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
           JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = part[2]::pg_catalog.name
           JOIN pg_catalog.pg_dist_partition AS p ON p.logicalrelid = c.oid
           -- The distribution column is a Var of PostgreSQL's parser, written as a text.
           LEFT JOIN pg_catalog.pg_attribute AS a
               ON a.attrelid = c.oid
               AND a.attnum::pg_catalog.text = pg_catalog.substring(p.partkey, ':varattno ([0-9]+)')
       )
