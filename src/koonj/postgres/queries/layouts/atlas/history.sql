-- One row for each migration that Atlas has started: its statements that ran, of how many, its hash, and the error.
-- Versions with a dot at the start are Atlas's own.
SELECT version::pg_catalog.text,
       description::pg_catalog.text,
       applied::pg_catalog.int8,
       total::pg_catalog.int8,
       hash::pg_catalog.text,
       pg_catalog.left(pg_catalog.substring(error::pg_catalog.text, '[^\r\n]+'), 200)
FROM {table}
WHERE pg_catalog.left(version::pg_catalog.text, 1) OPERATOR(pg_catalog.<>) '.'
ORDER BY 1
