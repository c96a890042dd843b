-- title: Keep the time of the last change
-- group: Code
-- place: 7
-- words: updated_at, modified, timestamp, touch, trigger
-- about: Adds a column, and a trigger that sets it whenever a row really changes. The rows that exist get the time of the
--        migration: now() is stable, so none of them is rewritten.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: new column of table
--   default: updated_at
-- field: function
--   label: Function name
--   kind: name
--   catalog: new function
--   default: {{table.name}}_set_{{column}}
-- field: trigger
--   label: Trigger name
--   kind: name
--   catalog: new trigger of table
--   default: {{table.name}}_set_{{column}}
--
-- migration: keep_{{column}}_of_{{table.name}}
-- {{column}}: when a row of {{table}} was changed last. A trigger keeps it.
-- The rollback deletes these times.
BEGIN;

ALTER TABLE {{table}} ADD COLUMN {{column}} timestamptz NOT NULL DEFAULT now();

CREATE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.{{column}} := now();
    END IF;
    RETURN NEW;
END
$function$;

CREATE TRIGGER {{trigger}} BEFORE UPDATE ON {{table}}
    FOR EACH ROW EXECUTE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TRIGGER {{trigger}} ON {{table}};
-- DROP FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();
-- ALTER TABLE {{table}} DROP COLUMN {{column}};
-- COMMIT;
