-- title: Create an index on partitions
-- group: Indexes
-- place: 2
-- words: partitioned table, add index, partition index
-- about: PostgreSQL refuses CREATE INDEX CONCURRENTLY on a partitioned table, and without it blocks writes to all
--        partitions. This file builds the index of each partition CONCURRENTLY. Then the index of the whole table takes
--        them as its parts, without reading a row. Name every partition that has rows.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: measurements
-- field: partitions
--   kind: qualified_names
--   catalog: partitions of table
--   example: measurements_2025, measurements_2026
-- field: columns
--   kind: keys
--   catalog: columns of table
--   example: sensor_id, measured_at DESC
-- field: index
--   label: Index name
--   kind: name
--   catalog: new index of table
--   default: {{table.name}}_{{columns}}_idx
--
-- migration: create_{{index}}
-- Index {{index}} on all partitions of {{table}}.
-- No BEGIN and COMMIT around it, because CREATE INDEX CONCURRENTLY cannot run in a transaction. PostgreSQL chooses the
-- names of the partitions' indexes. If a build fails, the next apply says which INVALID index to drop first.

DO $check$
DECLARE
    found text;
BEGIN
    IF to_regclass('{{#table.schema}}{{table.schema}}.{{/table.schema}}{{index}}') IS NOT NULL THEN
        RAISE EXCEPTION 'the index % exists already', '{{index}}';
    END IF;

    SELECT string_agg(format('DROP INDEX CONCURRENTLY %s;', indexrelid::regclass), ' ') INTO found
    FROM pg_index
    WHERE NOT indisvalid AND indrelid IN (SELECT relid FROM pg_partition_tree('{{table}}') WHERE isleaf);
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'a partition has an INVALID index, perhaps of a failed build' USING HINT = 'Run first: ' || found;
    END IF;

    SELECT string_agg(relid::regclass::text, ', ') INTO found
    FROM pg_partition_tree('{{table}}')
    WHERE isleaf AND relid <> ALL (
        ARRAY[{{#partitions}}'{{partitions.each}}'::regclass, {{/partitions}}0]
    );
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'this file does not name all partitions: %', found
            USING HINT = 'Their indexes would be built while writes are blocked. Add a line for each of them.';
    END IF;
END
$check$;

-- {{#partitions}}
CREATE INDEX CONCURRENTLY ON {{partitions.each}} ({{columns}});
-- {{/partitions}}

BEGIN;

CREATE INDEX {{index}} ON {{table}} ({{columns}});

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP INDEX {{#table.schema}}{{table.schema}}.{{/table.schema}}{{index}};
-- COMMIT;
