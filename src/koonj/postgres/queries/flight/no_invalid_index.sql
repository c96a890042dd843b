-- Raise invalid_text_representation if the database has an INVALID index.
SELECT ('koonj: INVALID index ' OPERATOR(pg_catalog.||) i.indexrelid::pg_catalog.text)::pg_catalog.bool
FROM pg_catalog.pg_index AS i
WHERE NOT i.indisvalid
