-- Types that were created explicitly: no row types of tables, no array types, no multirange types.
SELECT t.tableoid, t.oid, r.kind, r.name,
       CASE r.kind
       WHEN 'enum' THEN concat('CREATE TYPE ', r.name, ' AS ENUM (', (
           SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
           FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid), ')')
       WHEN 'domain' THEN concat('CREATE DOMAIN ', r.name, ' AS ', format_type(t.typbasetype, t.typtypmod),
           (SELECT ' COLLATE ' || t.typcollation::pg_catalog.regcollation::text FROM pg_catalog.pg_type AS b
            WHERE b.oid = t.typbasetype AND b.typcollation <> t.typcollation),
           ' DEFAULT ' || coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault),
           CASE WHEN t.typnotnull THEN ' NOT NULL' END)
       WHEN 'composite type' THEN concat('CREATE TYPE ', r.name, ' AS (', (
           SELECT string_agg(concat(E'\n    ', quote_ident(a.attname), ' ', format_type(a.atttypid, a.atttypmod),
                                    CASE WHEN a.attcollation <> b.typcollation
                                         THEN ' COLLATE ' || a.attcollation::pg_catalog.regcollation::text END),
                             ',' ORDER BY a.attnum)
           FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS b ON b.oid = a.atttypid
           WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), E'\n)')
       WHEN 'range type' THEN (
           SELECT concat('CREATE TYPE ', r.name, ' AS RANGE (subtype = ', format_type(g.rngsubtype, NULL),
                  ', multirange_type_name = ' || format_type(g.rngmultitypid, NULL), --: 14+
                  ', subtype_opclass = ' || quote_ident(s.nspname) || '.' || quote_ident(o.opcname),
                  ', collation = ' || nullif(g.rngcollation, b.typcollation)::pg_catalog.regcollation,
                  ', canonical = ' || nullif(g.rngcanonical, 0)::pg_catalog.regproc,
                  ', subtype_diff = ' || nullif(g.rngsubdiff, 0)::pg_catalog.regproc, ')')
           FROM pg_catalog.pg_range AS g
           JOIN pg_catalog.pg_type AS b ON b.oid = g.rngsubtype
           JOIN pg_catalog.pg_opclass AS o ON o.oid = g.rngsubopc
           JOIN pg_catalog.pg_namespace AS s ON s.oid = o.opcnamespace
           WHERE g.rngtypid = t.oid)
       WHEN 'base type' THEN concat_ws(', ', 'CREATE TYPE ' || r.name || ' (INPUT = ' || t.typinput::pg_catalog.regproc,
           'OUTPUT = ' || t.typoutput::pg_catalog.regproc,
           'RECEIVE = ' || nullif(t.typreceive, 0)::pg_catalog.regproc,
           'SEND = ' || nullif(t.typsend, 0)::pg_catalog.regproc,
           'TYPMOD_IN = ' || nullif(t.typmodin, 0)::pg_catalog.regproc,
           'TYPMOD_OUT = ' || nullif(t.typmodout, 0)::pg_catalog.regproc,
           'ANALYZE = ' || nullif(t.typanalyze, 0)::pg_catalog.regproc,
           'SUBSCRIPT = ' || nullif(t.typsubscript, 0)::pg_catalog.regproc, --: 14+
           'INTERNALLENGTH = ' || t.typlen, CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,
           'ALIGNMENT = ' || t.typalign::text, 'STORAGE = ' || t.typstorage::text,
           'CATEGORY = ' || quote_literal(t.typcategory::text), CASE WHEN t.typispreferred THEN 'PREFERRED' END,
           'DEFAULT = ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)),
           'ELEMENT = ' || format_type(nullif(t.typelem, 0), NULL), 'DELIMITER = ' || quote_literal(t.typdelim::text),
           CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE' END) || ')'
       ELSE 'CREATE TYPE ' || r.name END,
       NULL, NULL, pg_get_userbyid(t.typowner),
       t.typacl::text[], CASE WHEN t.typacl IS NOT NULL THEN acldefault('T', t.typowner)::text[] END
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
CROSS JOIN LATERAL (
    SELECT quote_ident(n.nspname) || '.' || quote_ident(t.typname) AS name,
           CASE WHEN NOT t.typisdefined THEN 'shell type' WHEN t.typtype = 'e' THEN 'enum'
                WHEN t.typtype = 'd' THEN 'domain' WHEN t.typtype = 'c' THEN 'composite type'
                WHEN t.typtype = 'r' THEN 'range type' ELSE 'base type' END AS kind) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'p' AND NOT t.typisdefined
           OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e
                                              WHERE e.oid = t.typelem AND e.typarray = t.oid)
           OR t.typtype = 'c' AND (SELECT c.relkind FROM pg_catalog.pg_class AS c WHERE c.oid = t.typrelid) = 'c')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = t.tableoid AND d.objid = t.oid AND d.deptype = 'e')
