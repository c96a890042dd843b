-- title: Attach a table as partition
-- group: Tables
-- place: 5
-- words: partition, existing table, range, import
-- about: The table has rows already. A CHECK with the range, validated while reads and writes go on, spares ATTACH from
--        reading them with a lock. The table needs the columns of the partitioned table, and NOT NULL where that has it.
--        Indexes that the partitioned table has and this one has not are built meanwhile: build them before,
--        with create_index.
--
-- field: table
--   label: Partitioned table
--   kind: qualified_name
--   catalog: table
--   example: measurements
-- field: partition
--   label: Table to attach
--   kind: qualified_name
--   catalog: table
--   example: measurements_2025
-- field: column
--   label: Partitioned by
--   kind: name
--   catalog: column of partition
--   example: measured_at
-- field: from
--   kind: expression
--   example: '2027-01-01'
--   help: The first value in it.
-- field: to
--   kind: expression
--   example: '2028-01-01'
--   help: The first value that is no longer in it.
-- field: check
--   kind: name
--   asked: no
--   default: {{partition.name}}_range_check
--
-- migration: attach_{{partition.name}}_to_{{table.name}}
-- {{partition}} becomes the partition of {{table}} from {{from}} up to but not including {{to}}.
-- If the second transaction finds a row outside, correct it, run the rollback below, then apply again.
BEGIN;

DO $check$
BEGIN
    IF EXISTS (SELECT FROM pg_inherits WHERE inhrelid = '{{partition}}'::regclass) THEN
        RAISE EXCEPTION '% is a partition already', '{{partition}}';
    END IF;
END
$check$;
ALTER TABLE {{partition}} ADD CONSTRAINT {{check}}
    CHECK ({{column}} IS NOT NULL AND {{column}} >= {{from}} AND {{column}} < {{to}}) NOT VALID;

COMMIT;

BEGIN;

ALTER TABLE {{partition}} VALIDATE CONSTRAINT {{check}};

COMMIT;

BEGIN;

ALTER TABLE {{table}} ATTACH PARTITION {{partition}} FOR VALUES FROM ({{from}}) TO ({{to}});
ALTER TABLE {{partition}} DROP CONSTRAINT {{check}};

COMMIT;

-- Rollback:
-- DO $detach$
-- BEGIN
--     IF EXISTS (SELECT FROM pg_inherits WHERE inhrelid = '{{partition}}'::regclass) THEN
--         ALTER TABLE {{table}} DETACH PARTITION {{partition}};
--     END IF;
--     ALTER TABLE {{partition}} DROP CONSTRAINT IF EXISTS {{check}};
-- END
-- $detach$;
