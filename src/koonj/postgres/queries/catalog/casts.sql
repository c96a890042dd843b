-- Casts and transforms.
SELECT k.tableoid, k.oid, 'cast', r.name,
       concat('CREATE CAST ', r.name,
              CASE k.castmethod WHEN 'f' THEN ' WITH FUNCTION ' || k.castfunc::pg_catalog.regprocedure::text
                                WHEN 'i' THEN ' WITH INOUT' ELSE ' WITHOUT FUNCTION' END,
              CASE k.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' END),
       NULL::pg_catalog.oid, NULL::pg_catalog.oid, NULL::pg_catalog.name, NULL::text[], NULL::text[]
FROM pg_catalog.pg_cast AS k
CROSS JOIN LATERAL (SELECT concat('(', format_type(k.castsource, NULL), ' AS ',
                                  format_type(k.casttarget, NULL), ')') AS name) AS r
WHERE k.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_range AS g --: 14+
                      WHERE g.rngtypid = k.castsource AND g.rngmultitypid = k.casttarget) --: 14+
UNION ALL
SELECT k.tableoid, k.oid, 'transform', r.name,
       concat('CREATE TRANSFORM ', r.name, ' (',
              concat_ws(', ', 'FROM SQL WITH FUNCTION ' || nullif(k.trffromsql, 0)::pg_catalog.regprocedure::text,
                        'TO SQL WITH FUNCTION ' || nullif(k.trftosql, 0)::pg_catalog.regprocedure::text), ')'),
       NULL, NULL, NULL, NULL, NULL
FROM pg_catalog.pg_transform AS k
JOIN pg_catalog.pg_language AS l ON l.oid = k.trflang
CROSS JOIN LATERAL (SELECT concat('FOR ', format_type(k.trftype, NULL), ' LANGUAGE ', quote_ident(l.lanname)) AS name) AS r
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
