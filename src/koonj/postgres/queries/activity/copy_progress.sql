-- The same as progress.sql, for COPY, which reports since PostgreSQL 14.
SELECT 'copy',
       (
           SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
           FROM pg_catalog.pg_class AS c
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           WHERE c.oid = p.relid
       ),
       pg_catalog.to_jsonb(p),
       pg_catalog.current_setting('block_size')::pg_catalog.int4
FROM pg_catalog.pg_stat_progress_copy AS p
WHERE p.pid = %(pid)s::pg_catalog.int4
