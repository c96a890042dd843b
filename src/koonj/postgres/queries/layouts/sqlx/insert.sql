-- The row of an applied migration. sqlx writes -1 nanoseconds, and the time after its COMMIT. It is known if the
-- migration ran in this transaction.
INSERT INTO {table} (version, description, success, checksum, execution_time)
VALUES (
    %(version)s,
    %(description)s,
    true,
    pg_catalog.decode(%(checksum)s, 'hex'),
    CASE
        WHEN %(in_transaction)s
        THEN (
            pg_catalog.date_part(
                'epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.transaction_timestamp()
            ) OPERATOR(pg_catalog.*) 1e9
        )::pg_catalog.int8
        ELSE -1
    END
)
