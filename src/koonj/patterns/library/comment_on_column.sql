-- title: Describe a column in a comment
-- group: Columns
-- place: 16
-- words: comment, description, documentation, describe, db_comment
-- about: The description is stored in the database; psql shows it with \d+. It does not block reads or writes.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: column of table
--   example: status
-- field: comment
--   kind: text
--   example: draft, active or archived
-- field: previous
--   label: Previous comment
--   kind: text
--   catalog: definition of column
--   required: no
--   help: For the rollback. Empty if there was none.
--
-- migration: describe_{{column}}_of_{{table.name}}
-- Describes {{column}} of {{table}}.
BEGIN;

COMMENT ON COLUMN {{table}}.{{column}} IS {{comment}};

COMMIT;

-- Rollback:
-- BEGIN;
-- {{#previous}}
-- COMMENT ON COLUMN {{table}}.{{column}} IS {{previous}};
-- {{/previous}}
-- {{^previous}}
-- COMMENT ON COLUMN {{table}}.{{column}} IS NULL;
-- {{/previous}}
-- COMMIT;
