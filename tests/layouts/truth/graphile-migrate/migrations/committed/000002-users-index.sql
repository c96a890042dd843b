--! Previous: sha1:259280b787b3a0e4962026bdde4e2f6ec3ed400a
--! Hash: sha1:349a0c0be8da1c2e3715cb0912e2c2b109cdb8bf
--! Message: Users: index

--! no-transaction
create index concurrently if not exists users_i on users (id);
