-- A role that reads history need not see the texts, which can hold data.
SELECT pg_catalog.has_column_privilege('koonj.history', 'error', 'SELECT')
