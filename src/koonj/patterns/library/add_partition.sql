-- title: Add a partition
-- group: Tables
-- place: 4
-- words: new partition, range, next month
-- about: CREATE TABLE … PARTITION OF blocks the whole table for a moment. This file creates an ordinary table with the
--        same columns, constraints and indexes, and attaches it, which blocks nobody. A default partition is read and blocked
--        meanwhile: better have none.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: measurements
-- field: partition
--   kind: name
--   catalog: new table
--   example: measurements_2027
--   help: In the schema of the table.
-- field: from
--   kind: expression
--   example: '2027-01-01'
--   help: The first value in it.
-- field: to
--   kind: expression
--   example: '2028-01-01'
--   help: The first value that is no longer in it.
--
-- migration: add_partition_{{partition}}
-- Partition {{partition}} of {{table}}, from {{from}} up to but not including {{to}}.
-- The rollback drops it with its rows.
BEGIN;

CREATE TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}} (
    LIKE {{table}} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING STORAGE INCLUDING GENERATED
);
ALTER TABLE {{table}} ATTACH PARTITION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}} FOR VALUES FROM ({{from}}) TO ({{to}});

COMMIT;

-- Rollback:
-- ALTER TABLE {{table}} DETACH PARTITION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}} CONCURRENTLY;
-- BEGIN;
-- DROP TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}};
-- COMMIT;
