-- Whether a session is listed. That of a killed process is, until the server has noticed its end.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.pid OPERATOR(pg_catalog.=) %(pid)s::pg_catalog.int4
)
