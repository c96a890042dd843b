-- title: Create an index concurrently
-- about: Reads and writes go on while the index is built. It waits for every transaction that is open in the database,
--        so a forgotten one holds it up. Not possible on a partitioned table.
--
-- field: table
--   kind: qualified_name
--   example: documents
-- field: columns
--   kind: keys
--   example: owner_id, created_at DESC
--   help: Columns, or expressions such as lower(email), between commas.
-- field: unique
--   kind: choice
--   choices: no | yes
--   default: no
--   help: Existing duplicates make the build fail.
-- field: method
--   kind: choice
--   choices: btree | hash | gin | gist | spgist | brin
--   default: btree
-- field: where
--   kind: expression
--   required: no
--   example: deleted_at IS NULL
--   help: Leave it empty to index every row.
-- field: index
--   label: Index name
--   kind: name
--   default: {{table.name}}_{{columns}}_idx
--
-- migration: create_{{index}}
-- Index {{index}} on {{table}} ({{columns}}).
-- No BEGIN and COMMIT: PostgreSQL builds CONCURRENTLY outside a transaction only. No IF NOT EXISTS: a build that
-- fails leaves an INVALID index of this name, and IF NOT EXISTS would take it for the finished one. After a
-- failure run the rollback below, then apply again.

CREATE {{#unique}}UNIQUE {{/unique}}INDEX CONCURRENTLY {{index}}
    ON {{table}} USING {{method}} ({{columns}}){{#where}}
    WHERE ({{where}}){{/where}};

-- Rollback:
-- DROP INDEX CONCURRENTLY IF EXISTS {{#table.schema}}{{table.schema}}.{{/table.schema}}{{index}};
