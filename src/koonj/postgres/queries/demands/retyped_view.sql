-- The expressions of a temporary view, with all names qualified, and what outside pg_catalog they call.
SELECT pg_catalog.pg_get_viewdef(c.oid),
       ARRAY(
           SELECT DISTINCT CASE
               WHEN p.oid IS NOT NULL THEN pg_catalog.format('%%I.%%I()', pn.nspname, p.proname)
               WHEN o.oid IS NOT NULL THEN pg_catalog.format('OPERATOR(%%I.%%s)', rn.nspname, o.oprname)
               ELSE 'type ' OPERATOR(pg_catalog.||) pg_catalog.format_type(t.oid, NULL)
           END
           FROM pg_catalog.pg_rewrite AS w
           JOIN pg_catalog.pg_depend AS x
               ON x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass
              AND x.objid OPERATOR(pg_catalog.=) w.oid
           LEFT JOIN pg_catalog.pg_proc AS p
               ON x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
              AND p.oid OPERATOR(pg_catalog.=) x.refobjid
           LEFT JOIN pg_catalog.pg_namespace AS pn ON pn.oid OPERATOR(pg_catalog.=) p.pronamespace
           LEFT JOIN pg_catalog.pg_operator AS o
               ON x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass
              AND o.oid OPERATOR(pg_catalog.=) x.refobjid
           LEFT JOIN pg_catalog.pg_namespace AS rn ON rn.oid OPERATOR(pg_catalog.=) o.oprnamespace
           LEFT JOIN pg_catalog.pg_type AS t
               ON x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
              AND t.oid OPERATOR(pg_catalog.=) x.refobjid
              AND t.typtype OPERATOR(pg_catalog.<>) 'e'::"char"
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e
                              WHERE e.oid OPERATOR(pg_catalog.=) t.typelem AND e.typtype OPERATOR(pg_catalog.=) 'e'::"char")
           WHERE w.ev_class OPERATOR(pg_catalog.=) c.oid
             AND coalesce(p.oid, o.oid, t.oid) IS NOT NULL
       )
FROM pg_catalog.pg_class AS c
WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('pg_temp.koonj_using')
