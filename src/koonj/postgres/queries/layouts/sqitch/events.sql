-- The changes whose newest event is a failed deploy.
SELECT newest.change_id
FROM (
    SELECT DISTINCT ON (change_id) change_id::pg_catalog.text AS change_id, event::pg_catalog.text AS event
    FROM {table}
    ORDER BY change_id, committed_at DESC
) AS newest
WHERE newest.event OPERATOR(pg_catalog.=) 'fail'
ORDER BY 1
