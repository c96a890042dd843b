-- The files that a run has recorded as done.
SELECT h.name
FROM koonj.history AS h
WHERE h.run_id OPERATOR(pg_catalog.=) %(run_id)s::pg_catalog.uuid
  AND h.outcome OPERATOR(pg_catalog.=) 'done'
  AND h.action OPERATOR(pg_catalog.<>) 'allow'
