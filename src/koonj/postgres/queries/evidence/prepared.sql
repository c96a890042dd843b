SELECT EXISTS (
           SELECT FROM pg_catalog.pg_prepared_xacts AS x
           WHERE x.gid OPERATOR(pg_catalog.=) %(gid)s
             AND x.database OPERATOR(pg_catalog.=) pg_catalog.current_database()
       ),
       pg_catalog.pg_xact_status(%(xid)s::pg_catalog.xid8)
