-- title: Add an exclusion constraint
-- group: Constraints
-- place: 5
-- words: exclude, overlap, range, booking, gist
-- about: No two rows may, for example, overlap in time. PostgreSQL builds its index while it blocks reads and writes:
--        there is no CONCURRENTLY and no NOT VALID for it. Use it on a table that is small or new. For =, the column needs
--        the extension btree_gist.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: bookings
-- field: elements
--   kind: clause
--   example: room WITH =, during WITH &&
--   help: What is compared, and with which operator.
-- field: where
--   kind: expression
--   required: no
--   example: NOT cancelled
--   help: If empty, all rows are compared.
-- field: constraint
--   label: Constraint name
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_excl
--
-- migration: add_{{constraint}}
-- No two rows of {{table}} agree in all of: {{elements}}.
-- Blocks reads and writes of {{table}} while the index is built.
-- koonj: ignore constraint-builds-index: EXCLUDE has no form that blocks less, and the table is small or new
BEGIN;

ALTER TABLE {{table}}
    ADD CONSTRAINT {{constraint}} EXCLUDE USING gist ({{elements}}){{#where}} WHERE ({{where}}){{/where}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP CONSTRAINT {{constraint}};
-- COMMIT;
