-- Whether this role can read error texts. Not every reader of the history can, because they can contain data.
SELECT pg_catalog.has_column_privilege('koonj.history', 'error', 'SELECT')
