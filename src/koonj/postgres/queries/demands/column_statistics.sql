-- What the last ANALYZE found in a column: its type, whether it had NULLs, values that many rows have, and the
-- smallest and the largest of the others.
SELECT s.null_frac OPERATOR(pg_catalog.>) 0::real,
       coalesce((s.most_common_vals::pg_catalog.text::pg_catalog.text[])[1:100], '{}'),
       CASE WHEN s.histogram_bounds IS NULL THEN '{}'::pg_catalog.text[] ELSE ARRAY[
           (s.histogram_bounds::pg_catalog.text::pg_catalog.text[])[1],
           (s.histogram_bounds::pg_catalog.text::pg_catalog.text[])[
               pg_catalog.array_length(s.histogram_bounds::pg_catalog.text::pg_catalog.text[], 1)]
       ] END,
       pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_stats AS s
JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) s.schemaname
JOIN pg_catalog.pg_class AS c
    ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) s.tablename
JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) s.attname
WHERE pg_catalog.quote_ident(s.schemaname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
      pg_catalog.quote_ident(s.tablename) OPERATOR(pg_catalog.=) %(relation)s
  AND pg_catalog.quote_ident(s.attname) OPERATOR(pg_catalog.=) %(column)s
