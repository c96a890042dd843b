-- Operators, operator classes and operator families. A member of a family names its class, if it has one.
SELECT k.tableoid, k.oid, 'operator', r.name,
       concat_ws(', ', 'CREATE OPERATOR ' || r.name || ' (FUNCTION = ' || nullif(k.oprcode, 0)::pg_catalog.regproc,
                 'COMMUTATOR = ' || nullif(k.oprcom, 0)::pg_catalog.regoperator::text,
                 'NEGATOR = ' || nullif(k.oprnegate, 0)::pg_catalog.regoperator::text,
                 'RESTRICT = ' || nullif(k.oprrest, 0)::pg_catalog.regproc,
                 'JOIN = ' || nullif(k.oprjoin, 0)::pg_catalog.regproc,
                 CASE WHEN k.oprcanmerge THEN 'MERGES' END, CASE WHEN k.oprcanhash THEN 'HASHES' END) || ')',
       NULL::pg_catalog.oid, NULL::pg_catalog.oid, pg_get_userbyid(k.oprowner), NULL::text[], NULL::text[]
FROM pg_catalog.pg_operator AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.oprnamespace
CROSS JOIN LATERAL (
    SELECT concat(quote_ident(n.nspname), '.', k.oprname, ' (',
                  coalesce(format_type(nullif(k.oprleft, 0), NULL), 'NONE'), ', ',
                  coalesce(format_type(nullif(k.oprright, 0), NULL), 'NONE'), ')') AS name) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT k.tableoid, k.oid, 'operator class', r.name,
       concat('CREATE OPERATOR CLASS ', r.name, CASE WHEN k.opcdefault THEN ' DEFAULT' END,
              ' FOR TYPE ', format_type(k.opcintype, NULL),
              ' FAMILY ', quote_ident(fn.nspname), '.', quote_ident(f.opfname),
              ' STORAGE ' || format_type(nullif(k.opckeytype, 0), NULL)),
       f.tableoid, f.oid, pg_get_userbyid(k.opcowner), NULL, NULL
FROM pg_catalog.pg_opclass AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.opcnamespace
JOIN pg_catalog.pg_am AS m ON m.oid = k.opcmethod
JOIN pg_catalog.pg_opfamily AS f ON f.oid = k.opcfamily
JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.opfnamespace
CROSS JOIN LATERAL (
    SELECT concat(quote_ident(n.nspname), '.', quote_ident(k.opcname), ' USING ', quote_ident(m.amname)) AS name) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT k.tableoid, k.oid, 'operator family', r.name,
       concat('CREATE OPERATOR FAMILY ', r.name, (
           SELECT string_agg(concat(E'\n', i.words, (
                      SELECT ' OF CLASS ' || quote_ident(c.opcname) FROM pg_catalog.pg_depend AS d
                      JOIN pg_catalog.pg_opclass AS c ON c.oid = d.refobjid
                      WHERE d.classid = i.class AND d.objid = i.oid AND d.refclassid = c.tableoid)), '' ORDER BY i.words COLLATE "C")
           FROM (SELECT o.tableoid AS class, o.oid,
                        concat('OPERATOR ', o.amopstrategy, ' ', o.amopopr::pg_catalog.regoperator::text,
                               ' (', format_type(o.amoplefttype, NULL), ', ', format_type(o.amoprighttype, NULL), ')',
                               CASE WHEN o.amopsortfamily <> 0 THEN (
                                   SELECT concat(' FOR ORDER BY ', quote_ident(sn.nspname), '.', quote_ident(s.opfname))
                                   FROM pg_catalog.pg_opfamily AS s
                                   JOIN pg_catalog.pg_namespace AS sn ON sn.oid = s.opfnamespace
                                   WHERE s.oid = o.amopsortfamily) END) AS words
                 FROM pg_catalog.pg_amop AS o WHERE o.amopfamily = k.oid
                 UNION ALL
                 SELECT p.tableoid, p.oid,
                        concat('FUNCTION ', p.amprocnum, ' ', p.amproc::pg_catalog.oid::pg_catalog.regprocedure::text,
                               ' (', format_type(p.amproclefttype, NULL), ', ', format_type(p.amprocrighttype, NULL), ')')
                 FROM pg_catalog.pg_amproc AS p WHERE p.amprocfamily = k.oid) AS i)),
       NULL, NULL, pg_get_userbyid(k.opfowner), NULL, NULL
FROM pg_catalog.pg_opfamily AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.opfnamespace
JOIN pg_catalog.pg_am AS m ON m.oid = k.opfmethod
CROSS JOIN LATERAL (
    SELECT concat(quote_ident(n.nspname), '.', quote_ident(k.opfname), ' USING ', quote_ident(m.amname)) AS name) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
