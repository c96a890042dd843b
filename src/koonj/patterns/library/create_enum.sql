-- title: Create an enum type
-- group: Data
-- place: 3
-- words: enumeration, choices, create type
-- about: A type with a few fixed values, in order. Values can be added and renamed later, but not removed. If the values
--        change often, a table with a foreign key is easier.
--
-- field: type
--   kind: qualified_name
--   catalog: new type
--   example: order_status
-- field: values
--   kind: labels
--   example: new, paid, shipped
--
-- migration: create_{{type.name}}
-- Type {{type}}: one of {{values}}.
BEGIN;

CREATE TYPE {{type}} AS ENUM ({{values}});

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TYPE {{type}};
-- COMMIT;
