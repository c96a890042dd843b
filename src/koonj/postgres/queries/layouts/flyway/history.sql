-- All rows, the oldest first: the last one of a version decides. Rows of the types DELETE, UNDO_SQL and BASELINE say
-- something about others.
SELECT installed_rank::pg_catalog.int4,
       version::pg_catalog.text,
       description::pg_catalog.text,
       type::pg_catalog.text,
       script::pg_catalog.text,
       checksum::pg_catalog.int4,
       success
FROM {table}
ORDER BY 1
