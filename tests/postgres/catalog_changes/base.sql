-- One object of nearly every kind, which changes.sql changes. The roles app, boss, reader and "odd role" exist.
CREATE SCHEMA shop;
CREATE SCHEMA other AUTHORIZATION boss;
CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;

CREATE TYPE shop.status AS ENUM ('new', 'paid', 'sent');
CREATE DOMAIN shop.amount AS numeric(10, 2) CONSTRAINT amount_not_negative CHECK (VALUE >= 0);
CREATE TYPE shop.address AS (street text, city text, zip text);
CREATE TYPE shop.span AS RANGE (subtype = numeric);
CREATE COLLATION shop.plain (provider = libc, locale = 'C');

CREATE FUNCTION shop.total(price numeric, many integer DEFAULT 1) RETURNS numeric
    LANGUAGE sql IMMUTABLE AS 'SELECT price * many';
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION shop.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE PROCEDURE shop.tidy(days integer) LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION shop.add(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT a + b';
CREATE AGGREGATE shop.sum_of(integer) (SFUNC = shop.add, STYPE = integer, INITCOND = '0');

CREATE TABLE shop.people (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email ext.citext UNIQUE,
    home shop.address,
    born date,
    code varchar(20) COLLATE "C" DEFAULT 'x',
    note text
);
CREATE TABLE shop.orders (
    id serial PRIMARY KEY,
    person bigint NOT NULL CONSTRAINT orders_person_fkey REFERENCES shop.people,
    state shop.status NOT NULL DEFAULT 'new',
    price shop.amount DEFAULT 0,
    many integer DEFAULT 1 CONSTRAINT orders_many_check CHECK (many > 0),
    double numeric GENERATED ALWAYS AS (price * 2) STORED,
    made timestamptz DEFAULT now() NOT NULL
);
CREATE INDEX orders_state_idx ON shop.orders (state);
CREATE INDEX orders_lower_idx ON shop.orders ((many * 2)) WHERE many > 3;
CREATE INDEX people_name_trgm ON shop.people USING gin (name ext.gin_trgm_ops);
CREATE TABLE shop.plain (a integer, b text, c text, d integer, e text);
CREATE INDEX plain_a_idx ON shop.plain (a);
CREATE UNIQUE INDEX plain_d_key ON shop.plain (d);
CREATE UNLOGGED TABLE shop.quick (a integer, b integer);
CREATE TABLE shop.parent (a integer NOT NULL, b text DEFAULT 'b', CONSTRAINT parent_a CHECK (a > 0));
CREATE TABLE shop.child (c integer) INHERITS (shop.parent);
CREATE TABLE shop.typed OF shop.address;
CREATE TABLE shop.events (id bigint, at date NOT NULL, body text) PARTITION BY RANGE (at);
CREATE TABLE shop.events_1 PARTITION OF shop.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.events_2 (id bigint, at date NOT NULL, body text);
ALTER TABLE shop.events ATTACH PARTITION shop.events_2 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX events_id_idx ON shop.events (id);
CREATE TRIGGER events_touch BEFORE INSERT ON shop.events FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.events ADD CONSTRAINT events_body CHECK (body <> '');

CREATE VIEW shop.cheap AS SELECT id, price FROM shop.orders WHERE price < 10;
CREATE VIEW shop.recent WITH (security_barrier) AS SELECT id, made FROM shop.orders;
CREATE MATERIALIZED VIEW shop.sales AS SELECT person, sum(price) AS spent FROM shop.orders GROUP BY person;
CREATE UNIQUE INDEX sales_person_idx ON shop.sales (person);
CREATE SEQUENCE shop.numbers;
CREATE SEQUENCE shop.owned OWNED BY shop.plain.a;

CREATE TRIGGER orders_touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE CONSTRAINT TRIGGER orders_late AFTER INSERT ON shop.orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE RULE plain_quiet AS ON DELETE TO shop.plain DO INSTEAD NOTHING;
ALTER TABLE shop.people ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.people FOR SELECT TO app USING (name = CURRENT_USER);
CREATE STATISTICS shop.orders_stats ON person, state FROM shop.orders;
CREATE PUBLICATION news FOR TABLE shop.orders;
CREATE EVENT TRIGGER watcher ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION shop.watch();
ALTER EVENT TRIGGER watcher DISABLE;

GRANT SELECT, INSERT ON shop.orders TO app;
GRANT SELECT ON shop.orders TO reader;
GRANT UPDATE (note) ON shop.people TO app;
GRANT USAGE ON SCHEMA shop TO app, reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE boss REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

COMMENT ON TABLE shop.orders IS 'What was ordered';
COMMENT ON COLUMN shop.orders.price IS 'in euros';
COMMENT ON INDEX shop.orders_state_idx IS 'for the list';

CREATE CAST (shop.status AS integer) WITH INOUT;
CREATE OPERATOR shop.+# (FUNCTION = shop.add, LEFTARG = integer, RIGHTARG = integer);
CREATE FUNCTION shop.compare(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE OPERATOR FAMILY shop.backward USING btree;
CREATE OPERATOR CLASS shop.backward_ops FOR TYPE integer USING btree FAMILY shop.backward AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 shop.compare(integer, integer);
CREATE TEXT SEARCH DICTIONARY shop.words (TEMPLATE = simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION shop.search (COPY = simple);
CREATE CONVERSION shop.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER far FOREIGN DATA WRAPPER nothing OPTIONS (host 'far.example');
CREATE USER MAPPING FOR app SERVER far OPTIONS (name 'app', password 'secret');
CREATE FOREIGN TABLE shop.remote (a integer OPTIONS (column_name 'x'), b text) SERVER far OPTIONS (table_name 'y');
