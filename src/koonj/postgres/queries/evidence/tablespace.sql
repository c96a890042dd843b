SELECT t.oid FROM pg_catalog.pg_tablespace AS t WHERE t.spcname OPERATOR(pg_catalog.=) %(name)s::pg_catalog.name
