SELECT pg_catalog.jsonb_build_object(
    'name', p.parts[1], 'oid', d.oid::pg_catalog.int8, 'tablespace', v.parts[1]
)
FROM pg_catalog.parse_ident(%(name)s) AS p (parts)
LEFT JOIN pg_catalog.pg_database AS d ON d.datname OPERATOR(pg_catalog.=) p.parts[1]::pg_catalog.name
LEFT JOIN LATERAL pg_catalog.parse_ident(%(value)s::pg_catalog.text) AS v (parts) ON true
