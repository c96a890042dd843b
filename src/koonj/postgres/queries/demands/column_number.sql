-- The relation that a name means in this session, and the number of one of its columns.
SELECT a.attrelid::bigint, a.attnum::integer
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%(relation)s)::oid
  AND a.attname OPERATOR(pg_catalog.=) %(column)s
