-- title: Add a value to an enum
-- group: Data
-- place: 4
-- words: alter type add value, enumeration, label
-- about: Takes a moment. No statement may use the new value before the transaction has committed: use it in a later
--        file. There is no rollback, because PostgreSQL cannot remove a value from an enum. A value that no row has
--        does no harm; if it must go, use the pattern replace_enum, which makes the type again without it.
--
-- field: type
--   kind: qualified_name
--   catalog: type
--   example: order_status
-- field: value
--   kind: text
--   example: refunded
-- field: after
--   kind: text
--   required: no
--   example: paid
--   help: The value before it in the order. If empty, it becomes the last.
--
-- migration: add_{{value}}_to_{{type.name}}
-- {{type}} gets the value {{value}}.
-- There is no rollback. If the value must go later, use the koonj pattern replace_enum: it makes the type again.
BEGIN;

ALTER TYPE {{type}} ADD VALUE IF NOT EXISTS {{value}}{{#after}} AFTER {{after}}{{/after}};

COMMIT;

-- Rollback: none: PostgreSQL cannot remove a value from an enum; a value that no row has does no harm.
