-- Times are read as whole microseconds: DateStyle, TimeZone and extra_float_digits of a role do not change them.
SELECT id, name, action, outcome, file_hash, statements_hash, rollback_hash, statements_done, statements_total,
       (extract(epoch FROM started) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
       (extract(epoch FROM finished) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
       reason, allowed, sqlstate, transaction_id, database_role, os_user, host, version,
       run_id::pg_catalog.text
FROM koonj.history
