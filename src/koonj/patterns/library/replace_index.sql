-- title: Replace an index
-- group: Indexes
-- place: 3
-- words: swap index, change index, rebuild with other columns
-- about: Creates two files. The first builds the new index under another name. The second gives it the name of the old
--        one, which it drops. At each moment at least one of them exists; neither reads nor writes are blocked.
--
-- field: index
--   label: Old index
--   kind: qualified_name
--   catalog: index
--   example: documents_owner_id_idx
--   help: With its schema, unless it is in the search_path.
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: definition
--   label: Old definition
--   kind: clause
--   catalog: definition of index
--   example: USING btree (owner_id)
--   help: What follows the table in its definition, for the rollback. psql shows it with \d and the table.
-- field: new_definition
--   label: New definition
--   kind: clause
--   example: USING btree (owner_id, created_at DESC)
-- field: unique
--   kind: choice
--   choices: no | yes
--   default: no
--   help: Whether the old and the new index are unique.
-- field: new_index
--   label: Name meanwhile
--   kind: name
--   catalog: new index
--   default: {{index.name}}_new
-- field: old_index
--   kind: name
--   catalog: new index
--   asked: no
--   default: {{index.name}}_old
--
-- migration: create_{{new_index}}
-- Index {{new_index}} on {{table}}, which replaces {{index}} in the next file.
-- No BEGIN and COMMIT, because CREATE INDEX CONCURRENTLY cannot run in a transaction. No IF NOT EXISTS, because a
-- failed build leaves an INVALID index with this name, and IF NOT EXISTS would accept it as complete. After a
-- failure, run the rollback below, then apply again.

CREATE {{#unique}}UNIQUE {{/unique}}INDEX CONCURRENTLY {{new_index}} ON {{table}} {{new_definition}};

-- Rollback:
-- DROP INDEX CONCURRENTLY IF EXISTS {{#index.schema}}{{index.schema}}.{{/index.schema}}{{new_index}};
--
-- migration: replace_{{index.name}}
-- {{new_index}} gets the name of {{index}}, which is then dropped.
-- No BEGIN and COMMIT around it, because DROP INDEX CONCURRENTLY cannot run in a transaction.
-- The rollback builds the old index again, which takes as long as the first time.

BEGIN;

ALTER INDEX {{index}} RENAME TO {{old_index}};
ALTER INDEX {{#index.schema}}{{index.schema}}.{{/index.schema}}{{new_index}} RENAME TO {{index.name}};

COMMIT;

DROP INDEX CONCURRENTLY {{#index.schema}}{{index.schema}}.{{/index.schema}}{{old_index}};

-- Rollback:
-- ALTER INDEX {{index}} RENAME TO {{new_index}};
-- CREATE {{#unique}}UNIQUE {{/unique}}INDEX CONCURRENTLY {{index.name}} ON {{table}} {{definition}};
