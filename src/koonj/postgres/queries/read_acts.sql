SELECT id, name, action, outcome, file_hash, statements_hash, rollback_hash, statements_done, statements_total,
       started, finished, reason, accepted, sqlstate, transaction_id, database_role, os_user, host, version,
       run_id::pg_catalog.text
FROM koonj.history
ORDER BY id
