-- Raise invalid_text_representation if CREATE INDEX ... IF NOT EXISTS skipped an INVALID index. An index that the
-- statement has just built is valid here, so that this never undoes a build.
SELECT ('koonj: INVALID index ' OPERATOR(pg_catalog.||) i.indexrelid::pg_catalog.text)::pg_catalog.bool
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) %(schema)s::pg_catalog.name
  AND c.relname OPERATOR(pg_catalog.=) %(index)s::pg_catalog.name
  AND NOT i.indisvalid
