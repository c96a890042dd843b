BEGIN;
alter table users drop column name;
COMMIT;
