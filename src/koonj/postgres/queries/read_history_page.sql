-- include history_columns
-- The newest entries below an id, newest first.
WHERE id OPERATOR(pg_catalog.<) %(below)s::pg_catalog.int8
ORDER BY id DESC
LIMIT %(limit)s
