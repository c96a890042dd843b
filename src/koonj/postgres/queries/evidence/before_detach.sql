SELECT pg_catalog.jsonb_build_object(
    'child', pg_catalog.to_regclass(%(name)s)::pg_catalog.oid::pg_catalog.int8,
    'parent', pg_catalog.to_regclass(%(table)s)::pg_catalog.oid::pg_catalog.int8,
    'pending', EXISTS (
        SELECT FROM pg_catalog.pg_inherits AS i
        WHERE i.inhrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%(name)s)::pg_catalog.oid AND i.inhdetachpending
    )
)
