-- title: Keep updated_at current
-- group: Code
-- words: timestamp, timestamps, modified, touch, trigger
-- about: Adds the column updated_at and the trigger that sets it whenever a row changes, by the function that 008 made.
--        The rows that exist get the time of the migration; now() is stable, so none of them is rewritten.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: feedback
-- field: trigger
--   label: Trigger name
--   kind: name
--   catalog: new trigger of table
--   default: {{table.name}}_set_updated_at
--
-- migration: keep_updated_at_of_{{table.name}}
-- When a row of {{table}} was changed last; the database keeps it.
-- Rolling back loses these times.
BEGIN;

ALTER TABLE {{table}} ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();

CREATE TRIGGER {{trigger}}
    BEFORE UPDATE ON {{table}}
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION set_updated_at();

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TRIGGER IF EXISTS {{trigger}} ON {{table}};
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS updated_at;
-- COMMIT;
