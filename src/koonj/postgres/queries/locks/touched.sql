-- Relations that this session's transaction has locked, as they are now: a statement locks everything it changes.
-- The locks are the base of the join, by OID: a dropped relation is no longer in pg_class, and has NULLs here.
-- Catalogs have OIDs below 16384 (FirstNormalObjectId in access/transam.h).
-- SIReadLock is omitted. It marks what a SERIALIZABLE transaction has read, and blocks no other session.
-- known: relations that were locked before; a ROLLBACK TO can have released them.
WITH held AS MATERIALIZED (
    SELECT l.relation AS oid, pg_catalog.array_agg(l.mode) AS modes
    FROM pg_catalog.pg_locks AS l
    WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
      AND l.locktype OPERATOR(pg_catalog.=) 'relation'
      AND l.granted
      AND l.mode OPERATOR(pg_catalog.<>) 'SIReadLock'
      AND l.relation OPERATOR(pg_catalog.>=) 16384::oid
    GROUP BY l.relation
), touched AS MATERIALIZED (
    SELECT held.oid, held.modes FROM held
    UNION ALL
    SELECT known.oid, NULL::text[]
    FROM pg_catalog.unnest(%(known)s::oid[]) AS known(oid)
    WHERE NOT EXISTS (SELECT FROM held WHERE held.oid OPERATOR(pg_catalog.=) known.oid)
)
SELECT t.oid::bigint,
       t.modes,
       pg_catalog.pg_stat_get_xact_numscans(t.oid),
       pg_catalog.pg_stat_get_xact_tuples_returned(t.oid),
       pg_catalog.pg_stat_get_xact_tuples_inserted(t.oid),
       pg_catalog.pg_stat_get_xact_tuples_updated(t.oid),
       pg_catalog.pg_stat_get_xact_tuples_deleted(t.oid),
       c.name,
       c.relkind,
       c.relfilenode,
       c.reltablespace,
       c.reltoastrelid,
       c.reltuples,
       c.relispopulated,
       c.indrelid,
       c.indisvalid,
       columns.list,
       constraints.list
FROM touched AS t
LEFT JOIN LATERAL (
    SELECT c.oid,
           pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
           pg_catalog.quote_ident(c.relname) AS name,
           c.relkind::text,
           c.relfilenode::bigint,
           c.reltablespace::bigint,
           c.reltoastrelid::bigint,
           c.reltuples::double precision,
           c.relispopulated,
           i.indrelid::bigint,
           i.indisvalid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid OPERATOR(pg_catalog.=) c.oid
    WHERE c.oid OPERATOR(pg_catalog.=) t.oid
      AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m,v,f,c,i,I,S}'::"char"[])
      AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::"char"
      AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_toast,koonj}'::name[])
) AS c ON true
LEFT JOIN LATERAL (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
               a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
               d.oid::bigint, a.atttypid::bigint, a.atttypmod, a.attgenerated OPERATOR(pg_catalog.<>) ''::"char",
               pg_catalog.format_type(b.typbasetype, b.typtypmod)
           ) ORDER BY a.attnum)::text AS list
    FROM pg_catalog.pg_attribute AS a
    LEFT JOIN pg_catalog.pg_attrdef AS d
        ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid AND d.adnum OPERATOR(pg_catalog.=) a.attnum
    LEFT JOIN pg_catalog.pg_type AS b
        ON b.oid OPERATOR(pg_catalog.=) a.atttypid AND b.typtype OPERATOR(pg_catalog.=) 'd'::"char"
    WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
      AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m,v,f,c}'::text[])
      AND a.attnum OPERATOR(pg_catalog.>) 0
      AND NOT a.attisdropped
) AS columns ON true
LEFT JOIN LATERAL (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
               k.oid::bigint, k.conname, k.contype, k.convalidated, k.confrelid::bigint
           ) ORDER BY k.oid)::text AS list
    FROM pg_catalog.pg_constraint AS k
    WHERE k.conrelid OPERATOR(pg_catalog.=) c.oid
      AND k.conparentid OPERATOR(pg_catalog.=) 0::oid
) AS constraints ON true
