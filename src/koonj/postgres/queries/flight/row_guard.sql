-- Raise invalid_text_representation unless the row is written and this session holds the koonj lock. It holds it twice
-- (`advisory_lock.TRY`): one is given back and taken again, which costs a tenth of a look into pg_locks. If it is not
-- held, there is a warning, too.
SELECT CASE
    WHEN NOT EXISTS (SELECT FROM entry)
    THEN ('koonj: no row written by ' OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.bool
    WHEN CASE
        WHEN pg_catalog.pg_advisory_unlock(%(key)s::pg_catalog.int8)
        THEN pg_catalog.pg_try_advisory_lock(%(key)s::pg_catalog.int8)
        ELSE false
    END THEN true
    ELSE ('koonj: lock released by ' OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.bool
END
