-- What the last ANALYZE found in a column: whether it had NULLs, and a value that many rows have.
SELECT s.null_frac OPERATOR(pg_catalog.>) 0::real,
       CASE WHEN s.most_common_freqs[1] OPERATOR(pg_catalog.>) 0::real
            THEN (s.most_common_vals::pg_catalog.text::pg_catalog.text[])[1] END
FROM pg_catalog.pg_stats AS s
WHERE pg_catalog.quote_ident(s.schemaname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
      pg_catalog.quote_ident(s.tablename) OPERATOR(pg_catalog.=) %(relation)s
  AND pg_catalog.quote_ident(s.attname) OPERATOR(pg_catalog.=) %(column)s
