SELECT pg_catalog.jsonb_build_object(
    'index', i.indexrelid::pg_catalog.int8,
    'name', pg_catalog.format('%%I.%%I', n.nspname, c.relname),
    'valid', i.indisvalid AND i.indislive
)
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE i.indexrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%(name)s)::pg_catalog.oid
