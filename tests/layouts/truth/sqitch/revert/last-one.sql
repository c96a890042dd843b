BEGIN;
drop table l;
COMMIT;
