-- title: Record every change of a table
-- group: Code
-- place: 8
-- words: audit, log, history, trigger, jsonb, who changed
-- about: A second table gets a row for each insert, update and delete: when, who, and the row before and after as JSON.
--        It grows with every write: plan how to empty it. It does not record TRUNCATE.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: audit
--   label: Audit table
--   kind: name
--   catalog: new table
--   default: {{table.name}}_audit
--   help: In the schema of the table.
-- field: function
--   label: Function name
--   kind: name
--   catalog: new function
--   default: {{audit}}_write
-- field: trigger
--   label: Trigger name
--   kind: name
--   catalog: new trigger of table
--   default: {{audit}}_write
--
-- migration: record_changes_of_{{table.name}}
-- Each insert, update and delete on {{table}} leaves a row in {{audit}}.
-- The function runs with the rights of its owner: whoever may change {{table}} needs no right on {{audit}}.
-- The rollback deletes what was recorded.
BEGIN;

CREATE TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{audit}} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL DEFAULT session_user,
    operation text NOT NULL,
    old_row jsonb,
    new_row jsonb
);

CREATE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    EXECUTE format(
        'INSERT INTO %I.%s (operation, old_row, new_row) VALUES ($1, $2, $3)', TG_TABLE_SCHEMA, '{{audit}}'
    ) USING
        TG_OP,
        CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
        CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    RETURN NULL;
END
$function$;

CREATE TRIGGER {{trigger}} AFTER INSERT OR UPDATE OR DELETE ON {{table}}
    FOR EACH ROW EXECUTE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TRIGGER {{trigger}} ON {{table}};
-- DROP FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();
-- DROP TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{audit}};
-- COMMIT;
