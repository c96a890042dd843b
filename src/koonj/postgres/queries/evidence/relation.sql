SELECT pg_catalog.pg_relation_filenode(c.oid::pg_catalog.regclass)::pg_catalog.int8,
       (extract(epoch FROM pg_catalog.pg_stat_get_last_vacuum_time(c.oid)) OPERATOR(pg_catalog.*) 1000000)
           ::pg_catalog.int8 OPERATOR(pg_catalog.>) %(sent)s::pg_catalog.int8
FROM pg_catalog.pg_class AS c
WHERE c.oid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(table)s
