-- A materialized view: its query with all names qualified, the relations that it reads, and what outside pg_catalog it calls.
SELECT pg_catalog.pg_get_viewdef(w.ev_class),
       ARRAY(SELECT DISTINCT x.refobjid::bigint FROM pg_catalog.pg_depend AS x
             WHERE x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass
               AND x.objid OPERATOR(pg_catalog.=) w.oid
               AND x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
               AND x.refobjid OPERATOR(pg_catalog.<>) w.ev_class),
       ARRAY(
           SELECT DISTINCT called.name
-- include demands/called
             AND x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass
             AND x.objid OPERATOR(pg_catalog.=) w.oid
       )
FROM pg_catalog.pg_rewrite AS w
WHERE w.ev_class OPERATOR(pg_catalog.=) %(oid)s::oid
