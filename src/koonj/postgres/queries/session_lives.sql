-- Whether a session is still there. The server hides when it began from some roles; then its pid decides.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_stat_activity AS a
    WHERE a.pid OPERATOR(pg_catalog.=) %(pid)s::pg_catalog.int4
      AND coalesce(
          (extract(epoch FROM a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8
              OPERATOR(pg_catalog.=) %(started)s::pg_catalog.int8,
          true
      )
)
