-- title: Change a column's type (1/3): copy it
-- group: Columns
-- place: 11
-- words: alter type, alter_column, change_column, AlterField, int to bigint, convert
-- later: change_type_swap
-- about: ALTER TYPE writes the whole table again while nobody can read it. Instead, this adds a second column that a
--        trigger keeps equal, and fills it in batches. Then create the indexes of the column for the new one too, and
--        use the patterns change_type_swap, which gives it the name, and change_type_finish, which drops the old one.
--        Values that cannot be converted are rejected from now on. Not for a primary key, a serial, an identity or a
--        generated column. The new column is the last one of the table; its comment and privileges are not copied.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: orders
-- field: column
--   kind: name
--   catalog: column of table
--   example: amount
-- field: type
--   label: New type
--   kind: type
--   catalog: type
--   example: bigint
-- field: not_null
--   label: NOT NULL
--   kind: choice
--   choices: yes | no
--   default: yes
--   help: As the column is now.
-- field: new_column
--   label: Name until the swap
--   kind: name
--   catalog: new column of table
--   default: {{column}}_new
-- field: function
--   label: Name of trigger and function
--   kind: name
--   catalog: new function
--   default: {{table.name}}_copy_{{column}}
--   asked: no
-- field: check
--   label: Name of the check
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_{{new_column}}_not_null_check
--   asked: no
--
-- migration: copy_{{column}}_of_{{table.name}}_to_{{type}}
-- Adds {{new_column}} to {{table}}: {{column}} as {{type}}. A trigger keeps it equal.
-- The block at the end copies existing values: it updates each row without a change, so that the trigger runs. It has
-- no BEGIN and COMMIT around it, because it commits each batch. If it is interrupted or fails, apply the file again:
-- filled rows are not touched again.
-- Next, create the indexes of {{column}} for {{new_column}} too. When the copy is complete on all targets, create a
-- migration with the koonj pattern change_type_swap.
BEGIN;

ALTER TABLE {{table}} ADD COLUMN IF NOT EXISTS {{new_column}} {{type}};

CREATE OR REPLACE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    NEW.{{new_column}} := NEW.{{column}};
    RETURN NEW;
END
$function$;

CREATE OR REPLACE TRIGGER {{function}} BEFORE INSERT OR UPDATE ON {{table}}
    FOR EACH ROW EXECUTE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();

COMMIT;

{{> backfill column=new_column value=new_column source=column where=}}

-- Rollback:
-- BEGIN;
-- DROP TRIGGER IF EXISTS {{function}} ON {{table}};
-- DROP FUNCTION IF EXISTS {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{new_column}};
-- COMMIT;
--
-- migration: make_{{new_column}}_of_{{table.name}}_not_null
-- {{#not_null}}
{{> not_null column=new_column}}
-- {{/not_null}}
