-- title: Create an index concurrently
-- group: Indexes
-- words: add index, btree, unique, partial, expression, covering
-- about: Building the index does not block reads or writes. It waits for every open transaction in the database, so
--        a forgotten transaction delays it. Not possible on a partitioned table.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: columns
--   kind: keys
--   catalog: columns of table
--   example: owner_id, created_at DESC
--   help: Columns or expressions such as lower(email), separated by commas.
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
--   help: If empty, the index contains all rows.
-- field: index
--   label: Index name
--   kind: name
--   catalog: new index of table
--   default: {{table.name}}_{{columns}}_idx
--
-- migration: create_{{index}}
-- Index {{index}} on {{table}} ({{columns}}).
-- No BEGIN and COMMIT, because CREATE INDEX CONCURRENTLY cannot run in a transaction. No IF NOT EXISTS, because a
-- failed build leaves an INVALID index with this name, and IF NOT EXISTS would accept it as complete. After a
-- failure, run the rollback below, then apply again.

CREATE {{#unique}}UNIQUE {{/unique}}INDEX CONCURRENTLY {{index}}
    ON {{table}} USING {{method}} ({{columns}}){{#where}}
    WHERE ({{where}}){{/where}};

-- Rollback:
-- DROP INDEX CONCURRENTLY IF EXISTS {{#table.schema}}{{table.schema}}.{{/table.schema}}{{index}};
