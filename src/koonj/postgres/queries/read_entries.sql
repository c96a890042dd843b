-- include history_columns
ORDER BY id
