-- title: Create a partitioned table
-- group: Tables
-- place: 2
-- words: partition, range, time series, months
-- about: A table in parts, by ranges of one column such as a time. Without a default partition: with one, each new
--        partition has to read it. A row outside all ranges is refused, so create partitions in time: add_partition. The
--        primary key must contain the column.
--
-- field: table
--   kind: qualified_name
--   catalog: new table
--   example: measurements
-- field: columns
--   kind: definitions
--   example: sensor_id bigint NOT NULL, measured_at timestamptz NOT NULL, value float8
-- field: column
--   label: Partition by
--   kind: name
--   example: measured_at
-- field: key
--   label: Primary key
--   kind: names
--   example: sensor_id, measured_at
--   help: With the column to partition by.
-- field: partition
--   label: First partition
--   kind: name
--   catalog: new table
--   example: measurements_2026
-- field: from
--   kind: expression
--   example: '2026-01-01'
--   help: The first value in it.
-- field: to
--   kind: expression
--   example: '2027-01-01'
--   help: The first value that is no longer in it.
--
-- migration: create_{{table.name}}
-- Table {{table}}, in partitions by ranges of {{column}}.
-- The rollback drops it with its rows.
BEGIN;

CREATE TABLE {{table}} ({{#columns}}
    {{columns.each}},{{/columns}}
    PRIMARY KEY ({{key}})
) PARTITION BY RANGE ({{column}});

CREATE TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}} PARTITION OF {{table}}
    FOR VALUES FROM ({{from}}) TO ({{to}});

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE {{table}};
-- COMMIT;
