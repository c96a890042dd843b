-- The versions that the Supabase CLI has recorded, with the length and the SHA-256 of each statement that it has run:
-- the texts themselves can be large.
SELECT version::pg_catalog.text,
       name::pg_catalog.text,
       CASE WHEN statements IS NOT NULL THEN ARRAY(
           SELECT pg_catalog.concat(
                      pg_catalog.length(s.statement),
                      ':',
                      pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(s.statement, 'UTF8')), 'hex')
                  )
           FROM pg_catalog.unnest(statements) WITH ORDINALITY AS s (statement, place)
           ORDER BY s.place
       ) END
FROM {table}
ORDER BY 1
