-- Whether another run has written to the history. Somebody who ended a blocking session is no run.
SELECT 1
FROM koonj.history
WHERE id OPERATOR(pg_catalog.>) %(id)s AND run_id OPERATOR(pg_catalog.<>) %(run_id)s
  AND (allowed OPERATOR(pg_catalog.<>) 'unblock') IS NOT FALSE
LIMIT 1
