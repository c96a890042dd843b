BEGIN;
create table l (id int);
COMMIT;
