-- Collations and conversions. The version of a collation is omitted, as in pg_dump.
SELECT k.tableoid, k.oid, 'collation', r.name,
       concat('CREATE COLLATION ', r.name, ' (provider = ',
              CASE k.collprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'default' END,
              CASE WHEN NOT k.collisdeterministic THEN ', deterministic = false' END,
              ', locale = ' || quote_literal(k.colllocale), --: 17+
              ', locale = ' || quote_literal(k.colliculocale), --: 15-16
              ', rules = ' || quote_literal(k.collicurules), --: 16+
              ', lc_collate = ' || quote_literal(k.collcollate), ', lc_ctype = ' || quote_literal(k.collctype), ')'),
       NULL::pg_catalog.oid, NULL::pg_catalog.oid, pg_get_userbyid(k.collowner), NULL::text[], NULL::text[]
FROM pg_catalog.pg_collation AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.collnamespace
CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || quote_ident(k.collname) AS name) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT k.tableoid, k.oid, 'conversion', r.name,
       concat('CREATE', CASE WHEN k.condefault THEN ' DEFAULT' END, ' CONVERSION ', r.name,
              ' FOR ', quote_literal(pg_encoding_to_char(k.conforencoding)),
              ' TO ', quote_literal(pg_encoding_to_char(k.contoencoding)), ' FROM ', k.conproc::pg_catalog.regproc),
       NULL, NULL, pg_get_userbyid(k.conowner), NULL, NULL
FROM pg_catalog.pg_conversion AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.connamespace
CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || quote_ident(k.conname) AS name) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
