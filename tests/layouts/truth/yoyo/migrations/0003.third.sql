-- depends: 0002.idx
alter table users add column name text;
