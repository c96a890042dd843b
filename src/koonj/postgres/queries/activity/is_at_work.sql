-- Whether a session is still there (%(ending)s is ``end``), or is still there with a running statement.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_stat_activity AS a
    WHERE a.pid OPERATOR(pg_catalog.=) %(pid)s::pg_catalog.int4
      AND coalesce(
          (extract(epoch FROM a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8
              OPERATOR(pg_catalog.=) %(started)s::pg_catalog.int8,
          true
      )
      AND (%(ending)s::pg_catalog.text OPERATOR(pg_catalog.=) 'end'
           OR coalesce(a.state, 'active') OPERATOR(pg_catalog.=) 'active')
)
