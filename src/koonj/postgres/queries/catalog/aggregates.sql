-- Aggregates. pg_get_functiondef() does not accept them.
SELECT p.tableoid, p.oid, 'aggregate',
       concat(quote_ident(n.nspname), '.', quote_ident(p.proname), '(', oidvectortypes(p.proargtypes), ')'),
       concat_ws(E'\n',
           concat('CREATE AGGREGATE ', quote_ident(n.nspname), '.', quote_ident(p.proname),
                  '(', pg_get_function_arguments(p.oid), ')'),
           concat('SFUNC = ', g.aggtransfn::pg_catalog.regproc, ', STYPE = ', format_type(g.aggtranstype, NULL)),
           'SSPACE = ' || nullif(g.aggtransspace, 0),
           'FINALFUNC = ' || nullif(g.aggfinalfn, 0)::pg_catalog.regproc,
           CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
           'FINALFUNC_MODIFY = ' || g.aggfinalmodify::text,
           'COMBINEFUNC = ' || nullif(g.aggcombinefn, 0)::pg_catalog.regproc,
           'SERIALFUNC = ' || nullif(g.aggserialfn, 0)::pg_catalog.regproc,
           'DESERIALFUNC = ' || nullif(g.aggdeserialfn, 0)::pg_catalog.regproc,
           'INITCOND = ' || quote_literal(g.agginitval),
           'MSFUNC = ' || nullif(g.aggmtransfn, 0)::pg_catalog.regproc,
           'MINVFUNC = ' || nullif(g.aggminvtransfn, 0)::pg_catalog.regproc,
           'MSTYPE = ' || format_type(nullif(g.aggmtranstype, 0), NULL),
           'MSSPACE = ' || nullif(g.aggmtransspace, 0),
           'MFINALFUNC = ' || nullif(g.aggmfinalfn, 0)::pg_catalog.regproc,
           CASE WHEN g.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
           'MFINALFUNC_MODIFY = ' || g.aggmfinalmodify::text,
           'MINITCOND = ' || quote_literal(g.aggminitval),
           'SORTOP = ' || nullif(g.aggsortop, 0)::pg_catalog.regoperator,
           CASE WHEN g.aggkind = 'h' THEN 'HYPOTHETICAL' END,
           CASE p.proparallel WHEN 's' THEN 'PARALLEL = safe' WHEN 'r' THEN 'PARALLEL = restricted' END),
       NULL, NULL, pg_get_userbyid(p.proowner),
       p.proacl::text[], CASE WHEN p.proacl IS NOT NULL THEN acldefault('f', p.proowner)::text[] END
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_aggregate AS g ON g.aggfnoid = p.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = p.tableoid AND d.objid = p.oid AND d.deptype = 'e')
