-- The table of a CREATE INDEX, and its indexes. An index is in the schema of its table.
SELECT pg_catalog.jsonb_build_object(
    'table', t.oid::pg_catalog.int8,
    'schema', n.nspname,
    'index', p.parts[pg_catalog.array_upper(p.parts, 1)],
    'indexes', ARRAY(
        SELECT i.indexrelid::pg_catalog.int8 FROM pg_catalog.pg_index AS i
        WHERE i.indrelid OPERATOR(pg_catalog.=) t.oid
    )
)
FROM pg_catalog.pg_class AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) t.relnamespace
LEFT JOIN LATERAL pg_catalog.parse_ident(%(name)s::pg_catalog.text) AS p (parts) ON true
WHERE t.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%(table)s)::pg_catalog.oid
