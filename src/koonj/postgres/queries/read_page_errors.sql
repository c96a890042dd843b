-- The errors of the page that read_history_page.sql reads: among the newest entries with an error are all of them.
SELECT id, error
FROM koonj.history
WHERE error IS NOT NULL AND id OPERATOR(pg_catalog.<) %(below)s::pg_catalog.int8
ORDER BY id DESC
LIMIT %(limit)s
