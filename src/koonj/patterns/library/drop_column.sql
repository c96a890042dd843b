-- title: Drop a column (1/2): hide it
-- group: Columns
-- place: 17
-- words: drop column, remove column, delete column, remove_column, RemoveField
-- later: drop_column_for_good
-- about: The first part of a safe drop, for a column that no running application uses any more. The migration fails if
--        an object still uses the column. Otherwise it gives the column another name, so that a forgotten use of it
--        shows, and the rollback brings it back with its values. Later, use the pattern drop_column_for_good.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: column of table
--   example: legacy_code
-- field: hidden
--   label: Name until the drop
--   kind: name
--   catalog: new column of table
--   default: {{column}}_dropped
-- field: not_null
--   label: NOT NULL without a default
--   kind: choice
--   choices: no | yes
--   default: no
--   help: Choose yes for such a column: its NOT NULL is dropped, because new rows come without it.
-- field: check
--   label: Name of the check
--   kind: name
--   default: {{table.name}}_{{column}}_not_null_check
--   asked: no
--
-- migration: hide_{{column}}_of_{{table.name}}
-- Gives {{column}} of {{table}} the name {{hidden}}, if nothing uses it any more.
-- To drop it later, when you are sure that nothing needs it, create a migration with the koonj pattern
-- drop_column_for_good. Until then, the rollback brings it back with the values of the rows that existed before.
-- {{#not_null}}
-- The rollback fails if rows came without a value in the meantime. Fill them first.
-- {{/not_null}}
BEGIN;

DO $check$
DECLARE
    owner regclass := '{{table}}';
    doomed record;
    uses text;
    gone text;
BEGIN
    {{> column_uses}}
    {{^not_null}}
    IF doomed.attnotnull AND NOT doomed.atthasdef AND doomed.attidentity = '' THEN
        RAISE EXCEPTION 'column % of % is NOT NULL without a default', doomed.attname, owner
            USING HINT = 'New rows come without it. Use the pattern with not_null=yes.';
    END IF;
    {{/not_null}}

    gone := doomed.attname;
    {{> functions_with_name}}
END
$check$;

{{#not_null}}
ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP NOT NULL;
{{/not_null}}
ALTER TABLE {{table}} RENAME COLUMN {{column}} TO {{hidden}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} RENAME COLUMN {{hidden}} TO {{column}};
-- {{#not_null}}
-- ALTER TABLE {{table}} ADD CONSTRAINT {{check}} CHECK ({{column}} IS NOT NULL) NOT VALID;
-- COMMIT;
-- BEGIN;
-- ALTER TABLE {{table}} VALIDATE CONSTRAINT {{check}};
-- COMMIT;
-- BEGIN;
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} SET NOT NULL;
-- ALTER TABLE {{table}} DROP CONSTRAINT {{check}};
-- {{/not_null}}
-- COMMIT;
