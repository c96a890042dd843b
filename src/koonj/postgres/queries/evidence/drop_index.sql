SELECT i.indisvalid AND i.indislive
FROM pg_catalog.pg_index AS i
WHERE i.indexrelid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(index)s
