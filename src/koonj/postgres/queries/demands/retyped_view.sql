-- The expressions of a temporary view, with all names qualified, and what outside pg_catalog they call.
SELECT pg_catalog.pg_get_viewdef(c.oid),
       ARRAY(
           SELECT DISTINCT called.name
-- include demands/called
             AND x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass
             AND x.objid OPERATOR(pg_catalog.=) w.oid
       )
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_rewrite AS w ON w.ev_class OPERATOR(pg_catalog.=) c.oid
WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('pg_temp.koonj_using')
