-- title: Drop a table (2/2): drop it
-- group: Tables
-- place: 10
-- words: drop table, remove, delete, final drop
-- about: The second part of a safe drop, for a table that the pattern drop_table moved. It has no rollback. Create this
--        migration only after the first one was applied to all targets and you are sure that nothing needs the
--        table, because applying all pending migrations runs both.
--
-- field: table
--   kind: name
--   catalog: table of trash
--   example: old_sessions
-- field: trash
--   label: In schema
--   kind: name
--   catalog: schema
--   default: trash
--   help: The schema to which drop_table moved the table.
--
-- migration: drop_{{table}}_for_good
-- Drops {{trash}}.{{table}}, which an earlier migration moved there, with all its rows.
-- It first drops the foreign keys, each in a separate transaction, because DROP TABLE would lock all the tables to
-- which they refer until it ends.

DO $keys$
DECLARE
    doomed regclass := to_regclass('{{trash}}.{{table}}');
    key name;
BEGIN
    FOR key IN SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = doomed LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', doomed, key);
        COMMIT;
    END LOOP;
END
$keys$;

BEGIN;

DROP TABLE IF EXISTS {{trash}}.{{table}};
{{> drop_empty_schema schema=trash}}

COMMIT;

-- Rollback: none: the rows are deleted and can be restored only from a backup.
