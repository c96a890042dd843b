-- title: Add a trigger
-- group: Code
-- place: 6
-- words: before, after, event
-- about: Calls a trigger function that exists. CREATE TRIGGER waits for writers of the table and blocks them for a
--        moment; it does not block readers.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: function
--   kind: qualified_name
--   catalog: function
--   example: set_updated_at
-- field: timing
--   kind: choice
--   choices: BEFORE | AFTER
--   default: BEFORE
-- field: events
--   kind: choice
--   choices: INSERT | UPDATE | DELETE | INSERT OR UPDATE | INSERT OR UPDATE OR DELETE
--   default: UPDATE
-- field: level
--   kind: choice
--   choices: ROW | STATEMENT
--   default: ROW
-- field: trigger
--   label: Trigger name
--   kind: name
--   catalog: new trigger of table
--   default: {{table.name}}_{{function.name}}
--
-- migration: add_trigger_{{trigger}}
-- Trigger {{trigger}}: {{timing}} {{events}} on {{table}} it calls {{function}}.
BEGIN;

CREATE TRIGGER {{trigger}}
    {{timing}} {{events}} ON {{table}}
    FOR EACH {{level}} EXECUTE FUNCTION {{function}}();

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TRIGGER {{trigger}} ON {{table}};
-- COMMIT;
