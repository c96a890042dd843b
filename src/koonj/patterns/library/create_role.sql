-- title: Create a role
-- group: Access
-- place: 1
-- words: user, group, login, account
-- about: A role for privileges, without a password. Roles belong to the whole server and not to one database: the
--        migration fails if the server has this role already. Set a password by hand, never in a file.
--
-- field: role
--   kind: name
--   catalog: new role
--   example: app_reader
-- field: login
--   kind: choice
--   choices: no | yes
--   default: no
--   help: No for a role that other roles are members of.
--
-- migration: create_role_{{role}}
-- Role {{role}}{{#login}}, which can log in as soon as somebody sets a password by hand{{/login}}.
-- It has no privileges yet.
BEGIN;

CREATE ROLE {{role}}{{#login}} LOGIN{{/login}}{{^login}} NOLOGIN{{/login}};

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP ROLE {{role}};
-- COMMIT;
