-- Sequences, each with the column that owns it or uses it as its default, the position, and the increment.
SELECT n.nspname::text,
       c.relname::text,
       pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
       pg_catalog.quote_ident(c.relname),
       coalesce(pg_catalog.pg_sequence_last_value(c.oid), s.seqstart),
       s.seqincrement,
       owner.nspname::text,
       owner.relname::text,
       owner.attname::text,
       pg_catalog.concat(pg_catalog.quote_ident(owner.nspname), '.', pg_catalog.quote_ident(owner.relname), '.',
                         pg_catalog.quote_ident(owner.attname))
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_sequence AS s ON s.seqrelid OPERATOR(pg_catalog.=) c.oid
LEFT JOIN LATERAL (
    SELECT tn.nspname, t.relname, a.attname
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_class AS t ON t.oid OPERATOR(pg_catalog.=) d.refobjid
    JOIN pg_catalog.pg_namespace AS tn ON tn.oid OPERATOR(pg_catalog.=) t.relnamespace
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=) d.refobjid AND a.attnum OPERATOR(pg_catalog.=) d.refobjsubid
    WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::regclass::oid
      AND d.objid OPERATOR(pg_catalog.=) c.oid
      AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::regclass::oid
      AND d.refobjsubid OPERATOR(pg_catalog.>) 0
      AND d.deptype OPERATOR(pg_catalog.=) ANY ('{a,i}'::"char"[])
    LIMIT 1
) AS owner ON true
WHERE c.relkind OPERATOR(pg_catalog.=) 'S'::"char"
  AND c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::"char"
  AND n.nspname OPERATOR(pg_catalog.<>) 'koonj'
ORDER BY c.oid
