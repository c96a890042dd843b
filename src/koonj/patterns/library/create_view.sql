-- title: Create a view
-- group: Code
-- place: 1
-- words: select, query
-- about: A name for a query. It is not stored: each use runs the query.
--
-- field: view
--   kind: qualified_name
--   catalog: new view
--   example: active_users
-- field: query
--   kind: query
--   example: SELECT id, email FROM users WHERE deleted_at IS NULL
--   help: Name the columns. With *, columns that are added later do not appear.
-- field: security_invoker
--   label: Rights of the user
--   kind: choice
--   choices: no | yes
--   default: no
--   help: Yes: the user needs access to the tables, and row-level security applies (PostgreSQL 15 and later).
--
-- migration: create_{{view.name}}
-- View {{view}}.
BEGIN;

CREATE VIEW {{view}}{{#security_invoker}} WITH (security_invoker = true){{/security_invoker}} AS
{{query}};

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP VIEW {{view}};
-- COMMIT;
