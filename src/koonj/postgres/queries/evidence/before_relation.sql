SELECT pg_catalog.jsonb_build_object(
    'table', c.oid::pg_catalog.int8,
    'name', pg_catalog.format('%%I.%%I', n.nspname, c.relname),
    'file', pg_catalog.pg_relation_filenode(c.oid::pg_catalog.regclass)::pg_catalog.int8
)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%(name)s)::pg_catalog.oid
