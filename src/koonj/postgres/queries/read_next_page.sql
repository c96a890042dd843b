-- include history_columns
-- include history_after
ORDER BY id
LIMIT %(limit)s
