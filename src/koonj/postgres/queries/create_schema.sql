CREATE SCHEMA koonj;

COMMENT ON SCHEMA koonj IS 'Written by koonj: what migrations did to this database.';
