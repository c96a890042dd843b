-- CHECK, FOREIGN KEY and EXCLUDE constraints of the relations, and the CHECK constraints of all domains.
-- conenforced and conperiod are columns of 18; to_jsonb() reads them where they are.
SELECT c.oid::bigint,
       pg_catalog.quote_ident(c.conname),
       c.contype::text,
       c.conrelid::bigint,
       c.contypid::bigint,
       c.convalidated AND coalesce((pg_catalog.to_jsonb(c) OPERATOR(pg_catalog.->>) 'conenforced')::boolean, true),
       c.conislocal,
       c.conparentid::bigint,
       c.connoinherit,
       CASE c.contype
           WHEN 'c' THEN CASE c.contypid
               WHEN 0 THEN pg_catalog.pg_get_expr(c.conbin, c.conrelid)
               ELSE pg_catalog.pg_get_constraintdef(c.oid)
           END
           ELSE ''
       END,
       coalesce(c.conkey::integer[], '{}'),
       c.confrelid::bigint,
       coalesce(c.confkey::integer[], '{}'),
       c.confmatchtype::text,
       c.confdeltype::text OPERATOR(pg_catalog.||) c.confupdtype::text,
       coalesce((pg_catalog.to_jsonb(c) OPERATOR(pg_catalog.->>) 'conperiod')::boolean, false),
       c.conindid::bigint,
       ARRAY(
           SELECT pg_catalog.format('OPERATOR(%%I.%%s)', n.nspname, o.oprname)
           FROM pg_catalog.unnest(coalesce(c.conpfeqop, c.conexclop)) WITH ORDINALITY AS u(oid, place)
           JOIN pg_catalog.pg_operator AS o ON o.oid OPERATOR(pg_catalog.=) u.oid
           JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
           ORDER BY u.place
       ),
       c.condeferrable
FROM pg_catalog.pg_constraint AS c
WHERE c.contype OPERATOR(pg_catalog.=) ANY ('{c,f,x,p,u}'::"char"[])
  AND c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND (%(oids)s::oid[] IS NULL OR c.contypid OPERATOR(pg_catalog.<>) 0::oid
       OR c.conrelid OPERATOR(pg_catalog.=) ANY (%(oids)s::oid[]))
ORDER BY c.oid
