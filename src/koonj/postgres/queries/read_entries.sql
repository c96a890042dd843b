-- Times are read as numbers, which do not depend on the DateStyle or TimeZone of a database or a role.
SELECT id, name, action, outcome, file_hash, statements_hash, rollback_hash, statements_done, statements_total,
       extract(epoch FROM started)::pg_catalog.float8, extract(epoch FROM finished)::pg_catalog.float8,
       reason, allowed, sqlstate, transaction_id, database_role, os_user, host, version,
       run_id::pg_catalog.text
FROM koonj.history
ORDER BY id
