-- Raise invalid_text_representation if the table of a CREATE INDEX has an INVALID index.
SELECT ('koonj: INVALID index ' OPERATOR(pg_catalog.||) i.indexrelid::pg_catalog.text)::pg_catalog.bool
FROM pg_catalog.pg_index AS i
WHERE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%(table)s) AND NOT i.indisvalid
