-- What calls functions and operators outside pg_catalog in the expressions of the catalog: the object x, and the name of
-- what it calls. A type that is no enum is one of them: a value of it runs its input function, or the checks of a domain.
-- That a column has a type, or that a constraint belongs to a domain, is no call.
FROM pg_catalog.pg_depend AS x
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
   AND x.deptype OPERATOR(pg_catalog.=) 'n'::"char"
   AND (x.objsubid OPERATOR(pg_catalog.=) 0
        OR x.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_class'::pg_catalog.regclass)
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e
                   WHERE e.oid OPERATOR(pg_catalog.=) t.typelem AND e.typtype OPERATOR(pg_catalog.=) 'e'::"char")
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN p.oid IS NOT NULL THEN pg_catalog.format('%%I.%%I()', pn.nspname, p.proname)
        WHEN o.oid IS NOT NULL THEN pg_catalog.format('OPERATOR(%%I.%%s)', rn.nspname, o.oprname)
        ELSE 'type ' OPERATOR(pg_catalog.||) pg_catalog.format_type(t.oid, NULL)
    END
) AS called (name)
WHERE x.classid OPERATOR(pg_catalog.=) ANY (ARRAY[
          'pg_catalog.pg_attrdef'::pg_catalog.regclass, 'pg_catalog.pg_constraint'::pg_catalog.regclass,
          'pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_rewrite'::pg_catalog.regclass
      ]::oid[])
  AND called.name IS NOT NULL
