BEGIN;
alter table users add column if not exists name text;
COMMIT;
