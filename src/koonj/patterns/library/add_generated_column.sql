-- title: Add a column that is computed
-- group: Columns
-- place: 4
-- words: generated column, computed, virtual, stored, derived, GeneratedField
-- about: GENERATED ... STORED writes the whole table again while nobody can read it. Instead, this adds a column that a
--        trigger computes for each new or changed row, and fills existing rows in batches. With PostgreSQL 18,
--        VIRTUAL computes the value when it is read, and takes a moment.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: order_lines
-- field: column
--   kind: name
--   catalog: new column of table
--   example: total
-- field: type
--   kind: type
--   catalog: type
--   example: numeric
-- field: value
--   kind: expression
--   example: quantity * price
--   help: Can use the other columns of the row.
-- field: computed
--   kind: choice
--   choices: by a trigger | virtual
--   default: by a trigger
--   help: virtual needs PostgreSQL 18.
-- field: function
--   label: Function name
--   kind: name
--   catalog: new function
--   default: {{table.name}}_compute_{{column}}
--   asked: no
--
-- migration: add_{{column}}_to_{{table.name}}
-- {{#computed=virtual}}
-- {{column}} of {{table}} is {{value}}, computed when it is read.
BEGIN;

ALTER TABLE {{table}}
    ADD COLUMN IF NOT EXISTS {{column}} {{type}} GENERATED ALWAYS AS ({{value}}) VIRTUAL;

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{column}};
-- COMMIT;
-- {{/computed}}
-- {{#computed=by a trigger}}
-- {{column}} of {{table}} is {{value}}: a trigger computes it, for new and changed rows.
-- The block at the end fills existing rows. It has no BEGIN and COMMIT around it, because it commits each batch. If it
-- is interrupted or fails, apply the file again: filled rows are not touched again.
BEGIN;

ALTER TABLE {{table}} ADD COLUMN IF NOT EXISTS {{column}} {{type}};

CREATE OR REPLACE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}() RETURNS trigger
LANGUAGE plpgsql AS $function$
#variable_conflict use_column
BEGIN
    NEW.{{column}} := (SELECT {{value}} FROM (SELECT NEW.*) AS {{table.name}});
    RETURN NEW;
END
$function$;

CREATE OR REPLACE TRIGGER {{function}} BEFORE INSERT OR UPDATE ON {{table}}
    FOR EACH ROW EXECUTE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();

COMMIT;

{{> backfill source=value where=}}

-- Rollback:
-- BEGIN;
-- DROP TRIGGER IF EXISTS {{function}} ON {{table}};
-- DROP FUNCTION IF EXISTS {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{column}};
-- COMMIT;
-- {{/computed}}
