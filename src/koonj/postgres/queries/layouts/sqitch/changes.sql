-- The changes that are deployed, of all projects, in the order in which sqitch deployed them.
SELECT change_id::pg_catalog.text, script_hash::pg_catalog.text, change::pg_catalog.text, project::pg_catalog.text
FROM {table}
ORDER BY committed_at, change_id
