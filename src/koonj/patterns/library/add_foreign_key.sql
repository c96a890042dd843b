-- title: Add a foreign key
-- group: Constraints
-- place: 1
-- words: reference, references, fk, relation
-- about: Creates two files. The first builds an index CONCURRENTLY. The second adds the constraint NOT VALID, with
--        locks that are held only briefly, and validates it in a separate transaction, which does not block reads
--        or writes. Not for a partitioned table.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: columns
--   kind: names
--   catalog: columns of table
--   example: owner_id
-- field: references
--   label: References table
--   kind: qualified_name
--   catalog: table
--   example: users
-- field: referenced
--   label: Referenced columns
--   kind: names
--   catalog: columns of references
--   default: id
--   help: They need a primary key or a unique constraint, and the same number of columns.
-- field: on_delete
--   label: ON DELETE
--   kind: choice
--   choices: NO ACTION | RESTRICT | CASCADE | SET NULL | SET DEFAULT
--   default: NO ACTION
-- field: with_index
--   kind: choice
--   choices: yes | no
--   default: yes
--   help: Choose no if an index already begins with these columns.
-- field: constraint
--   label: Constraint name
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_{{columns}}_fkey
-- field: index
--   label: Index name
--   kind: name
--   catalog: new index of table
--   default: {{table.name}}_{{columns}}_idx
--
-- migration: create_{{index}}
-- {{#with_index}}
-- Index {{index}} for the foreign key {{constraint}}. Without the index, every DELETE
-- from {{references}} scans the whole table {{table}}.
-- No BEGIN and COMMIT, because CREATE INDEX CONCURRENTLY cannot run in a transaction. No IF NOT EXISTS, because a
-- failed build leaves an INVALID index with this name, and IF NOT EXISTS would accept it as complete. After a
-- failure, run the rollback below, then apply again.

CREATE INDEX CONCURRENTLY {{index}}
    ON {{table}} ({{columns}});

-- Rollback:
-- DROP INDEX CONCURRENTLY IF EXISTS {{#table.schema}}{{table.schema}}.{{/table.schema}}{{index}};
-- {{/with_index}}
--
-- migration: add_{{constraint}}
-- {{columns}} of {{table}} must refer to a row of {{references}}.
-- The first transaction protects new rows. The second one checks existing rows without blocking reads or writes.
-- If it finds rows without a matching row, correct them, run the rollback below, then apply again.
BEGIN;

ALTER TABLE {{table}}
    ADD CONSTRAINT {{constraint}}
    FOREIGN KEY ({{columns}}) REFERENCES {{references}} ({{referenced}})
    ON DELETE {{on_delete}}
    NOT VALID;

COMMIT;

BEGIN;

ALTER TABLE {{table}} VALIDATE CONSTRAINT {{constraint}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP CONSTRAINT IF EXISTS {{constraint}};
-- COMMIT;
