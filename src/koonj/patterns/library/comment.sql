-- title: Comment on a table or view
-- group: Code
-- place: 9
-- words: documentation, describe, note
-- about: The comment is stored in the database; psql shows it with \d+. It waits for nothing that reads or writes rows.
--
-- field: object
--   kind: choice
--   choices: TABLE | VIEW | MATERIALIZED VIEW | SEQUENCE | TYPE
--   default: TABLE
-- field: name
--   kind: qualified_name
--   example: documents
-- field: text
--   kind: text
--   example: One row for each uploaded file
-- field: previous
--   label: Previous comment
--   kind: text
--   catalog: definition of name
--   required: no
--   help: The rollback restores it. Empty if there was none.
--
-- migration: comment_on_{{name.name}}
-- What {{name}} is for, for whoever reads the schema.
BEGIN;

COMMENT ON {{object}} {{name}} IS {{text}};

COMMIT;

-- Rollback:
-- BEGIN;
-- {{#previous}}
-- COMMENT ON {{object}} {{name}} IS {{previous}};
-- {{/previous}}
-- {{^previous}}
-- COMMENT ON {{object}} {{name}} IS NULL;
-- {{/previous}}
-- COMMIT;
