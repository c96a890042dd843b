-- title: Install an extension
-- group: Access
-- place: 6
-- words: create extension, pg_trgm, pgcrypto, citext, postgis, module
-- about: Its files must be on the server. Many extensions need a superuser, or a role that the provider names. Without
--        IF NOT EXISTS: the rollback must not drop an extension that was there before.
--
-- field: extension
--   kind: name
--   catalog: new extension
--   example: pg_trgm
-- field: schema
--   kind: name
--   catalog: schema
--   default: public
--   help: Where its functions and types go.
--
-- migration: install_{{extension}}
-- The extension {{extension}}, in the schema {{schema}}.
-- The rollback stops if something uses the extension.
BEGIN;

CREATE EXTENSION {{extension}} WITH SCHEMA {{schema}};

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP EXTENSION {{extension}};
-- COMMIT;
