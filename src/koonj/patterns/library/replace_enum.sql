-- title: Replace the values of an enum
-- group: Data
-- place: 5
-- words: remove enum value, reorder enum, alter type, enumeration
-- about: Creates the type again with other values, and converts the one column that uses it. This rewrites the table and
--        blocks reads and writes of it meanwhile: use it on a small table. It fails if a row has a value that the new type
--        has not, or if another column uses the type.
--
-- field: type
--   kind: qualified_name
--   catalog: type
--   example: order_status
-- field: values
--   kind: labels
--   example: new, paid
-- field: previous
--   label: Values until now
--   kind: labels
--   catalog: definition of type
--   example: new, paid, shipped
--   help: For the rollback.
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: orders
-- field: column
--   kind: name
--   catalog: column of table
--   example: status
-- field: default
--   kind: text
--   required: no
--   example: new
--   help: The default of the column, if it has one.
-- field: old_type
--   kind: name
--   asked: no
--   default: {{type.name}}_old
--
-- migration: replace_{{type.name}}
-- {{type}} gets the values {{values}} instead of {{previous}}.
-- Rewrites {{table}}, whose readers and writers wait.
BEGIN;

-- {{#default}}
ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP DEFAULT;
-- {{/default}}
ALTER TYPE {{type}} RENAME TO {{old_type}};
CREATE TYPE {{type}} AS ENUM ({{values}});
ALTER TABLE {{table}} ALTER COLUMN {{column}} TYPE {{type}} USING {{column}}::text::{{type}};
-- {{#default}}
ALTER TABLE {{table}} ALTER COLUMN {{column}} SET DEFAULT {{default}};
-- {{/default}}
DROP TYPE {{#type.schema}}{{type.schema}}.{{/type.schema}}{{old_type}};

COMMIT;

-- Rollback:
-- BEGIN;
-- {{#default}}
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP DEFAULT;
-- {{/default}}
-- ALTER TYPE {{type}} RENAME TO {{old_type}};
-- CREATE TYPE {{type}} AS ENUM ({{previous}});
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} TYPE {{type}} USING {{column}}::text::{{type}};
-- {{#default}}
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} SET DEFAULT {{default}};
-- {{/default}}
-- DROP TYPE {{#type.schema}}{{type.schema}}.{{/type.schema}}{{old_type}};
-- COMMIT;
