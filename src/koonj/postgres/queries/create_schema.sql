CREATE SCHEMA koonj;

COMMENT ON SCHEMA koonj IS 'Written by koonj: what migrations did to this database.';

GRANT USAGE ON SCHEMA koonj TO PUBLIC;
