SELECT pg_catalog.jsonb_build_object('name', p.parts[1]) FROM pg_catalog.parse_ident(%(name)s) AS p (parts)
