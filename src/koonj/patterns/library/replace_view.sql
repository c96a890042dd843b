-- title: Change a view
-- group: Code
-- place: 2
-- words: create or replace view, alter view
-- about: CREATE OR REPLACE keeps the privileges, the comment and the objects that use the view. It can only keep the
--        columns as they are: a column that is added, removed, renamed or of another type needs DROP VIEW and CREATE
--        VIEW, because the rollback could not take it away.
--
-- field: view
--   kind: qualified_name
--   catalog: view
--   example: active_users
-- field: query
--   kind: query
--   example: SELECT id, email FROM users WHERE deleted_at IS NULL AND confirmed
-- field: previous
--   label: Query until now
--   kind: query
--   catalog: definition of view
--   example: SELECT id, email FROM users WHERE deleted_at IS NULL
--   help: The rollback restores it.
--
-- migration: change_{{view.name}}
-- View {{view}} gets another query with the same columns.
BEGIN;

CREATE OR REPLACE VIEW {{view}} AS
{{query}};

COMMIT;

-- Rollback:
-- BEGIN;
-- CREATE OR REPLACE VIEW {{view}} AS
-- {{previous}};
-- COMMIT;
