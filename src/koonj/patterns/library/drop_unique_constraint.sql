-- title: Drop a unique constraint
-- group: Constraints
-- place: 7
-- words: remove unique, remove primary key, allow duplicates
-- about: Takes a moment, but with a lock that waits for every reader and writer of the table. Foreign keys that refer to
--        the columns, and ON CONFLICT in the application, need the constraint: PostgreSQL refuses only for the former.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: users
-- field: constraint
--   kind: name
--   catalog: constraint of table
--   example: users_email_key
-- field: columns
--   kind: names
--   catalog: columns of table
--   example: email
-- field: type
--   kind: choice
--   choices: UNIQUE | PRIMARY KEY
--   default: UNIQUE
--
-- migration: drop_{{constraint}}
-- Drops {{constraint}} of {{table}}, with its index.
-- The rollback fails if duplicates were written in the meantime.
BEGIN;

ALTER TABLE {{table}} DROP CONSTRAINT {{constraint}};

COMMIT;

-- Rollback:
-- CREATE UNIQUE INDEX CONCURRENTLY {{constraint}} ON {{table}} ({{columns}});
-- BEGIN;
-- ALTER TABLE {{table}} ADD CONSTRAINT {{constraint}} {{type}} USING INDEX {{constraint}};
-- COMMIT;
