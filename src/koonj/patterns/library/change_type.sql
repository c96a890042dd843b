-- title: Change a column's type at once
-- group: Columns
-- place: 10
-- words: alter type, alter_column, change_column, AlterField, widen, varchar, text, longer
-- about: For a change that takes a moment, however big the table is: varchar(50) to varchar(200) or to text, numeric
--        with more digits before the point, cidr to inet, timestamp to timestamptz if the time zone of the session is
--        UTC. The migration tries it with an empty copy of the table, and fails if PostgreSQL would write the table or
--        an index again, or check a constraint. Then use the pattern change_type_with_copy.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: column of table
--   example: title
-- field: type
--   label: New type
--   kind: type
--   catalog: type
--   default: text
-- field: previous
--   label: Previous type
--   kind: type
--   catalog: definition of column
--   example: varchar(50)
--   help: For the rollback.
--
-- migration: change_type_of_{{column}}_of_{{table.name}}
-- {{column}} of {{table}} becomes {{type}}.
-- The rollback to {{previous}} can read or write the whole table, which blocks reads and writes in the meantime. It
-- fails if a value does not fit.
BEGIN;

DO $check$
DECLARE
    files text[];
    checks text;
BEGIN
    SELECT string_agg(quote_ident(conname), ', ') INTO checks
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
    WHERE c.contype = 'c' AND a.attrelid = '{{table}}'::regclass AND a.attname = (parse_ident('{{column}}'))[1];
    IF checks IS NOT NULL THEN
        RAISE EXCEPTION 'PostgreSQL would check each row again: %', checks
            USING HINT = 'Drop the constraint before, and add it again after it, NOT VALID first.';
    END IF;

    -- Does PostgreSQL write new files for the table and its indexes? An empty copy of them tells it.
    CREATE TEMPORARY TABLE koonj_copy (LIKE {{table}} INCLUDING INDEXES) ON COMMIT DROP;
    SELECT array_agg(file ORDER BY file) INTO files FROM (
        SELECT pg_relation_filepath('pg_temp.koonj_copy')
        UNION SELECT pg_relation_filepath(indexrelid) FROM pg_index WHERE indrelid = 'pg_temp.koonj_copy'::regclass
    ) AS copied (file);
    ALTER TABLE pg_temp.koonj_copy ALTER COLUMN {{column}} TYPE {{type}};
    IF files IS DISTINCT FROM (SELECT array_agg(file ORDER BY file) FROM (
        SELECT pg_relation_filepath('pg_temp.koonj_copy')
        UNION SELECT pg_relation_filepath(indexrelid) FROM pg_index WHERE indrelid = 'pg_temp.koonj_copy'::regclass
    ) AS copied (file)) THEN
        RAISE EXCEPTION 'PostgreSQL would write the whole table or an index again'
            USING HINT = 'Use the koonj pattern change_type_with_copy.';
    END IF;
END
$check$;

ALTER TABLE {{table}} ALTER COLUMN {{column}} TYPE {{type}};

COMMIT;

-- The change has deleted the statistics of the column, which the planner needs.
ANALYZE {{table}} ({{column}});

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} TYPE {{previous}};
-- COMMIT;
-- ANALYZE {{table}} ({{column}});
