-- The prepared transaction as xid8: its 32 bits, with the epoch of the newest transaction id that is not above it.
SELECT pg_catalog.jsonb_build_object('gid', %(value)s::pg_catalog.text, 'xid', (
    SELECT (e.base OPERATOR(pg_catalog.+) e.low OPERATOR(pg_catalog.-) CASE
                WHEN e.base OPERATOR(pg_catalog.+) e.low OPERATOR(pg_catalog.>) e.newest THEN 4294967296 ELSE 0 END
           )::pg_catalog.text
    FROM pg_catalog.pg_prepared_xacts AS x
    CROSS JOIN LATERAL (
        SELECT x.transaction::pg_catalog.text::pg_catalog.int8 AS low,
               pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8
                   AS newest
    ) AS t
    CROSS JOIN LATERAL (
        SELECT t.low, t.newest,
               (t.newest OPERATOR(pg_catalog.>>) 32) OPERATOR(pg_catalog.<<) 32 AS base
    ) AS e
    WHERE x.gid OPERATOR(pg_catalog.=) %(value)s
      AND x.database OPERATOR(pg_catalog.=) pg_catalog.current_database()
))
