-- How far the session %(pid)s is with a command that reports it. The columns differ between versions of PostgreSQL, so
-- each row comes as JSON. Run it with an empty search_path.
WITH progress (kind, relation, row) AS (
    SELECT 'create_index', p.relid, pg_catalog.to_jsonb(p)
    FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.pid = %(pid)s::pg_catalog.int4
    UNION ALL
    SELECT 'vacuum', p.relid, pg_catalog.to_jsonb(p)
    FROM pg_catalog.pg_stat_progress_vacuum AS p WHERE p.pid = %(pid)s::pg_catalog.int4
    UNION ALL
    SELECT 'cluster', p.relid, pg_catalog.to_jsonb(p)
    FROM pg_catalog.pg_stat_progress_cluster AS p WHERE p.pid = %(pid)s::pg_catalog.int4
    UNION ALL
    SELECT 'analyze', p.relid, pg_catalog.to_jsonb(p)
    FROM pg_catalog.pg_stat_progress_analyze AS p WHERE p.pid = %(pid)s::pg_catalog.int4
)
SELECT p.kind,
       (
           SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
           FROM pg_catalog.pg_class AS c
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           WHERE c.oid = p.relation
       ),
       p.row,
       pg_catalog.current_setting('block_size')::pg_catalog.int4
FROM progress AS p
