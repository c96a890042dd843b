--! Previous: sha1:349a0c0be8da1c2e3715cb0912e2c2b109cdb8bf
--! Hash: sha1:04f584e6c8d8b7ebcfdf8d4b1461f19ce86a893c

alter table users add column name text;
-- done
