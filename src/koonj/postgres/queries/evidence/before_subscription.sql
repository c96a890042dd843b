SELECT pg_catalog.jsonb_build_object('name', p.parts[1], 'oid', s.oid::pg_catalog.int8, 'slot', s.subslotname)
FROM pg_catalog.parse_ident(%(name)s) AS p (parts)
LEFT JOIN (
    SELECT u.oid, u.subname, u.subslotname
    FROM pg_catalog.pg_subscription AS u
    JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) u.subdbid
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
) AS s ON s.subname OPERATOR(pg_catalog.=) p.parts[1]::pg_catalog.name
