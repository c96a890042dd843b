SELECT pg_catalog.jsonb_build_object(
    'child', pg_catalog.to_regclass(%(name)s)::pg_catalog.oid::pg_catalog.int8,
    'parent', pg_catalog.to_regclass(%(table)s)::pg_catalog.oid::pg_catalog.int8
)
