-- Count a statement that PostgreSQL refuses in a transaction. Raise invalid_text_representation unless the rows are written: then the
-- COMMIT behind it is skipped, and with it the last transaction of the statement before it.
WITH intent AS (
    UPDATE koonj.statement
    SET state = 'done'
    WHERE entry_id OPERATOR(pg_catalog.=) %(id)s::pg_catalog.int8
      AND index OPERATOR(pg_catalog.=) %(statement)s::pg_catalog.int4
    RETURNING entry_id
),
counted AS (
    UPDATE koonj.history
    SET statements_done = %(done)s::pg_catalog.int4,
        outcome = CASE WHEN %(complete)s::pg_catalog.bool THEN 'done' ELSE outcome END,
        finished = CASE WHEN %(complete)s::pg_catalog.bool THEN pg_catalog.clock_timestamp() END
    WHERE id OPERATOR(pg_catalog.=) %(id)s::pg_catalog.int8
      AND outcome OPERATOR(pg_catalog.=) 'started'
    RETURNING id
)
SELECT CASE
    WHEN EXISTS (SELECT FROM counted) AND EXISTS (SELECT FROM intent) THEN true
    ELSE ('koonj: no row written by ' OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.bool
END
