-- title: Change a column's type (3/3): drop the old one
-- group: Columns
-- place: 13
-- words: alter type, alter_column, change_column, AlterField, contract
-- about: The last part, after the pattern change_type_swap. It drops the column with the old type and the trigger that
--        fills it; the migration fails while a constraint, a view or another object uses it. It has no rollback. Create
--        it only when the swap was applied to all targets and you are sure that it stays, because applying all pending
--        migrations runs both.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: orders
-- field: column
--   kind: name
--   catalog: column of table
--   example: amount
-- field: old_column
--   label: Column with the old type
--   kind: name
--   catalog: column of table
--   default: {{column}}_old
-- field: function
--   label: Name of trigger and function
--   kind: name
--   default: {{table.name}}_copy_{{column}}
--   asked: no
--
-- migration: drop_{{old_column}}_of_{{table.name}}
-- Drops {{old_column}} of {{table}}, which has the old type of {{column}}, with its indexes, and the trigger that
-- filled it. From now on values that do not fit the old type are possible.
BEGIN;

DO $check$
DECLARE
    owner regclass := '{{table}}';
    doomed record;
    uses text;
BEGIN
    {{> column_uses column=old_column}}
END
$check$;

DROP TRIGGER {{function}} ON {{table}};
DROP FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();
ALTER TABLE {{table}} DROP COLUMN {{old_column}};

COMMIT;

-- Rollback: none: the values of the old type are deleted. The column with the new type has all of them.
