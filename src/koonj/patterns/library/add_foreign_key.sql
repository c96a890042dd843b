-- title: Add a foreign key
-- about: In two files: the supporting index, built CONCURRENTLY, then the constraint, added NOT VALID (its locks are
--        held for a moment) and validated in a transaction of its own while reads and writes go on. Not for a
--        partitioned table.
--
-- field: table
--   kind: qualified_name
--   example: documents
-- field: columns
--   kind: names
--   example: owner_id
-- field: references
--   label: References table
--   kind: qualified_name
--   example: users
-- field: referenced
--   label: Referenced columns
--   kind: names
--   default: id
--   help: They need a primary key or a unique constraint; as many as the columns.
-- field: on_delete
--   label: ON DELETE
--   kind: choice
--   choices: NO ACTION | RESTRICT | CASCADE | SET NULL | SET DEFAULT
--   default: NO ACTION
-- field: with_index
--   kind: choice
--   choices: yes | no
--   default: yes
--   help: no, if an index begins with these columns already.
-- field: constraint
--   label: Constraint name
--   kind: name
--   default: {{table.name}}_{{columns}}_fkey
-- field: index
--   label: Index name
--   kind: name
--   default: {{table.name}}_{{columns}}_idx
--
-- migration: create_{{index}}
-- {{#with_index}}
-- Index {{index}} for the foreign key {{constraint}}: without it every DELETE
-- from {{references}} reads all of {{table}}.
-- No BEGIN and COMMIT: PostgreSQL builds CONCURRENTLY outside a transaction only. No IF NOT EXISTS: a build that
-- fails leaves an INVALID index of this name, and IF NOT EXISTS would take it for the finished one. After a
-- failure run the rollback below, then apply again.

CREATE INDEX CONCURRENTLY {{index}}
    ON {{table}} ({{columns}});

-- Rollback:
-- DROP INDEX CONCURRENTLY IF EXISTS {{#table.schema}}{{table.schema}}.{{/table.schema}}{{index}};
-- {{/with_index}}
--
-- migration: add_{{constraint}}
-- {{columns}} of {{table}} must name a row of {{references}}.
-- Two transactions: the first guards every new row, the second checks the rows that exist while reads and writes
-- go on. If it finds rows that name nothing: repair them, run the rollback below, then apply again.
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
