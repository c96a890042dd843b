-- title: Create a function
-- group: Code
-- place: 5
-- words: procedure, routine, sql
-- about: A function in SQL with one expression. PostgreSQL 14 and later check the expression at once and know what it
--        uses, so that nothing it needs can be dropped unnoticed. For a longer body, change the file in the editor.
--
-- field: function
--   kind: qualified_name
--   catalog: new function
--   example: full_name
-- field: arguments
--   kind: definitions
--   required: no
--   example: first text, last text
-- field: returns
--   kind: type
--   example: text
-- field: expression
--   kind: expression
--   example: first || ' ' || last
-- field: volatility
--   kind: choice
--   choices: IMMUTABLE | STABLE | VOLATILE
--   default: VOLATILE
--   help: IMMUTABLE: depends only on the arguments. STABLE: also reads tables. VOLATILE: anything else.
--
-- migration: create_function_{{function.name}}
-- Function {{function}}.
BEGIN;

CREATE FUNCTION {{function}}({{#arguments}}{{arguments}}{{/arguments}}) RETURNS {{returns}}
LANGUAGE sql {{volatility}}
RETURN {{expression}};

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP FUNCTION {{function}}({{#arguments}}{{arguments}}{{/arguments}});
-- COMMIT;
