-- Single changes, each made after the previous one. The test compares with pg_dump -s before and after.
-- A line `--@ KIND: NAME` starts a change. [same]: pg_dump prints the same. [more]: pg_dump prints the same, but koonj
-- shows a difference. [order]: only the order differs. [18+]: only since that version.

--@ schema: create
CREATE SCHEMA fresh;
--@ schema: rename
ALTER SCHEMA fresh RENAME TO fresher;
--@ schema: owner
ALTER SCHEMA fresher OWNER TO boss;
--@ schema: grant
GRANT CREATE ON SCHEMA fresher TO app;
--@ schema: comment
COMMENT ON SCHEMA fresher IS 'fresh';
--@ schema: drop
DROP SCHEMA fresher;
--@ schema: koonj's own is omitted [same]
CREATE SCHEMA koonj;
CREATE TABLE koonj.history (id integer PRIMARY KEY, a text DEFAULT 'x');
COMMENT ON TABLE koonj.history IS 'history';
GRANT SELECT ON koonj.history TO app;
CREATE FUNCTION koonj.f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TYPE koonj.kind AS ENUM ('a');
CREATE SEQUENCE koonj.s;
CREATE VIEW koonj.v AS SELECT * FROM koonj.history;
CREATE INDEX ON koonj.history (a);
--@ schema: koonj's own goes [same]
DROP SCHEMA koonj CASCADE;
--@ schema: public's comment
COMMENT ON SCHEMA public IS 'ours';
--@ schema: public without a comment
COMMENT ON SCHEMA public IS NULL;
--@ schema: public's comment as initdb made it
COMMENT ON SCHEMA public IS 'standard public schema';
--@ schema: a grant on public
GRANT CREATE ON SCHEMA public TO app;
--@ schema: that grant revoked
REVOKE CREATE ON SCHEMA public FROM app;
--@ schema: public revoked from PUBLIC
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
--@ schema: public granted to PUBLIC again
GRANT USAGE ON SCHEMA public TO PUBLIC;
--@ schema: public's owner
ALTER SCHEMA public OWNER TO boss;
--@ schema: public's owner again
ALTER SCHEMA public OWNER TO pg_database_owner;

--@ table: create
CREATE TABLE shop.fresh (id integer, b text);
--@ table: rename
ALTER TABLE shop.fresh RENAME TO fresher;
--@ table: quoted name
ALTER TABLE shop.fresher RENAME TO "Fresh er";
--@ table: unlogged
ALTER TABLE shop."Fresh er" SET UNLOGGED;
--@ table: logged
ALTER TABLE shop."Fresh er" SET LOGGED;
--@ table: to another schema
ALTER TABLE shop."Fresh er" SET SCHEMA other;
--@ table: drop
DROP TABLE other."Fresh er";
--@ table: rewritten, analysed, vacuumed [same]
VACUUM FULL shop.plain;
--@ table: analyse [same]
ANALYZE shop.plain, shop.orders;
--@ table: rows [same]
INSERT INTO shop.plain VALUES (1, 'b', 'c', 1, 'e'), (2, 'b', 'c', 2, 'e');
--@ table: truncated [same]
TRUNCATE shop.plain;
--@ table: created and dropped [same]
CREATE TABLE shop.gone (id serial PRIMARY KEY); DROP TABLE shop.gone;
--@ table: row level security
ALTER TABLE shop.plain ENABLE ROW LEVEL SECURITY;
--@ table: forced row level security
ALTER TABLE shop.plain FORCE ROW LEVEL SECURITY;
--@ table: no row level security
ALTER TABLE shop.plain DISABLE ROW LEVEL SECURITY;
--@ table: not forced
ALTER TABLE shop.plain NO FORCE ROW LEVEL SECURITY;
--@ table: of a type
CREATE TABLE shop.typed_2 OF shop.address (street NOT NULL);
--@ table: not of a type
ALTER TABLE shop.typed_2 NOT OF;
--@ table: of a type again
ALTER TABLE shop.typed_2 OF shop.address;
--@ table: access method
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
--@ table: with that access method
CREATE TABLE shop.piled (a integer) USING pile;
--@ table: with the usual one [15+]
ALTER TABLE shop.piled SET ACCESS METHOD heap;

--@ column: add
ALTER TABLE shop.plain ADD COLUMN f integer;
--@ column: drop
ALTER TABLE shop.plain DROP COLUMN f;
--@ column: add and drop [same]
ALTER TABLE shop.plain ADD COLUMN g integer; ALTER TABLE shop.plain DROP COLUMN g;
--@ column: dropped in the middle and added again [order]
ALTER TABLE shop.plain DROP COLUMN b; ALTER TABLE shop.plain ADD COLUMN b text;
--@ column: all others moved behind it [order]
ALTER TABLE shop.plain DROP COLUMN c, DROP COLUMN e; ALTER TABLE shop.plain ADD COLUMN c text, ADD COLUMN e text;
--@ column: rename
ALTER TABLE shop.plain RENAME COLUMN e TO "E e";
--@ column: not null
ALTER TABLE shop.plain ALTER COLUMN c SET NOT NULL;
--@ column: rename one that is not null
ALTER TABLE shop.plain RENAME COLUMN c TO cc;
--@ column: rename it back
ALTER TABLE shop.plain RENAME COLUMN cc TO c;
--@ column: null again
ALTER TABLE shop.plain ALTER COLUMN c DROP NOT NULL;
--@ column: not null by another name [18+]
ALTER TABLE shop.plain ADD CONSTRAINT c_is_there NOT NULL c;
--@ column: not null by the usual name [18+]
ALTER TABLE shop.plain RENAME CONSTRAINT c_is_there TO plain_c_not_null;
--@ column: not null not inherited [18+]
ALTER TABLE shop.plain ALTER CONSTRAINT plain_c_not_null NO INHERIT;
--@ column: not null commented [18+]
COMMENT ON CONSTRAINT plain_c_not_null ON shop.plain IS 'needed';
--@ column: null once more [18+]
ALTER TABLE shop.plain ALTER COLUMN c DROP NOT NULL;
--@ column: not null not valid [18+]
ALTER TABLE shop.plain ADD CONSTRAINT c_valid NOT NULL c NOT VALID;
--@ column: not null validated [18+]
ALTER TABLE shop.plain VALIDATE CONSTRAINT c_valid;
--@ column: null at last [18+]
ALTER TABLE shop.plain ALTER COLUMN c DROP NOT NULL;
--@ type: widen
ALTER TABLE shop.people ALTER COLUMN code TYPE varchar(50);
--@ type: unbounded
ALTER TABLE shop.people ALTER COLUMN code TYPE varchar;
--@ type: text
ALTER TABLE shop.people ALTER COLUMN code TYPE text;
--@ type: collation
ALTER TABLE shop.people ALTER COLUMN code TYPE text COLLATE "POSIX";
--@ type: the collation of the type
ALTER TABLE shop.people ALTER COLUMN code TYPE text;
--@ type: a collation of our own
ALTER TABLE shop.people ALTER COLUMN code TYPE text COLLATE shop.plain;
--@ type: the same [same]
ALTER TABLE shop.people ALTER COLUMN code TYPE text COLLATE shop.plain;
--@ type: array
ALTER TABLE shop.people ALTER COLUMN note TYPE text[] USING ARRAY[note];
--@ type: precision
ALTER TABLE shop.people ADD COLUMN seen timestamp(3) with time zone;
--@ type: another precision
ALTER TABLE shop.people ALTER COLUMN seen TYPE timestamptz(6);
--@ type: bit
ALTER TABLE shop.people ADD COLUMN flags bit(3), ADD COLUMN wait interval day to second(3);
--@ type: interval fields
ALTER TABLE shop.people ALTER COLUMN wait TYPE interval hour to minute;
--@ default: change
ALTER TABLE shop.orders ALTER COLUMN many SET DEFAULT 2;
--@ default: the same [same]
ALTER TABLE shop.orders ALTER COLUMN many SET DEFAULT 2;
--@ default: drop
ALTER TABLE shop.orders ALTER COLUMN many DROP DEFAULT;
--@ default: null, which none is [same]
ALTER TABLE shop.orders ALTER COLUMN many SET DEFAULT NULL;
--@ default: an expression
ALTER TABLE shop.orders ALTER COLUMN made SET DEFAULT clock_timestamp() + interval '1 day';
--@ default: of a domain's column
ALTER TABLE shop.orders ALTER COLUMN price SET DEFAULT 5;
--@ default: of a view's column
ALTER VIEW shop.cheap ALTER COLUMN price SET DEFAULT 3;
--@ default: of a view's column dropped
ALTER VIEW shop.cheap ALTER COLUMN price DROP DEFAULT;
--@ column: identity by default
ALTER TABLE shop.people ALTER COLUMN id SET GENERATED BY DEFAULT;
--@ column: identity's step
ALTER TABLE shop.people ALTER COLUMN id SET INCREMENT BY 5;
--@ column: identity's sequence restarted [same]
ALTER TABLE shop.people ALTER COLUMN id RESTART WITH 1000;
--@ column: no identity
ALTER TABLE shop.people ALTER COLUMN id DROP IDENTITY;
--@ column: identity again
ALTER TABLE shop.people ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
--@ column: identity's sequence renamed
ALTER SEQUENCE shop.people_id_seq RENAME TO people_numbers;
--@ column: generated no longer
ALTER TABLE shop.orders ALTER COLUMN double DROP EXPRESSION;
--@ column: generated expression [18+]
ALTER TABLE shop.orders ADD COLUMN triple numeric GENERATED ALWAYS AS (many * 3) STORED;
--@ column: another expression [18+]
ALTER TABLE shop.orders ALTER COLUMN triple SET EXPRESSION AS (many * 4);
--@ column: virtual [18+]
ALTER TABLE shop.orders ADD COLUMN virtual numeric GENERATED ALWAYS AS (many * 3) VIRTUAL;
--@ column: storage
ALTER TABLE shop.people ALTER COLUMN name SET STORAGE EXTERNAL;
--@ column: storage of the type
ALTER TABLE shop.people ALTER COLUMN name SET STORAGE EXTENDED;
--@ column: compression
ALTER TABLE shop.people ALTER COLUMN name SET COMPRESSION pglz;
--@ column: compression by default
ALTER TABLE shop.people ALTER COLUMN name SET COMPRESSION default;
--@ column: statistics
ALTER TABLE shop.people ALTER COLUMN name SET STATISTICS 500;
--@ column: the same statistics [same]
ALTER TABLE shop.people ALTER COLUMN name SET STATISTICS 500;
--@ column: statistics zero
ALTER TABLE shop.people ALTER COLUMN name SET STATISTICS 0;
--@ column: statistics by default
ALTER TABLE shop.people ALTER COLUMN name SET STATISTICS -1;
--@ column: options
ALTER TABLE shop.people ALTER COLUMN name SET (n_distinct = -0.5);
--@ column: no options
ALTER TABLE shop.people ALTER COLUMN name RESET (n_distinct);
--@ column: comment
COMMENT ON COLUMN shop.people.name IS 'full name';
--@ column: of a view, comment
COMMENT ON COLUMN shop.cheap.price IS 'low';
--@ column: of a type, comment
COMMENT ON COLUMN shop.address.zip IS 'or postcode';

--@ constraint: check
ALTER TABLE shop.orders ADD CONSTRAINT orders_made CHECK (made > '2000-01-01');
--@ constraint: rename
ALTER TABLE shop.orders RENAME CONSTRAINT orders_made TO orders_when;
--@ constraint: drop
ALTER TABLE shop.orders DROP CONSTRAINT orders_when;
--@ constraint: dropped and made again [same]
ALTER TABLE shop.orders DROP CONSTRAINT orders_many_check;
ALTER TABLE shop.orders ADD CONSTRAINT orders_many_check CHECK (many > 0);
--@ constraint: not valid
ALTER TABLE shop.orders ADD CONSTRAINT orders_few CHECK (many < 100) NOT VALID;
--@ constraint: validated
ALTER TABLE shop.orders VALIDATE CONSTRAINT orders_few;
--@ constraint: no inherit
ALTER TABLE shop.orders ADD CONSTRAINT orders_own CHECK (many < 1000) NO INHERIT;
--@ constraint: expression changed
ALTER TABLE shop.orders DROP CONSTRAINT orders_few, ADD CONSTRAINT orders_few CHECK (many < 101);
--@ constraint: foreign key dropped
ALTER TABLE shop.orders DROP CONSTRAINT orders_person_fkey;
--@ constraint: foreign key not valid
ALTER TABLE shop.orders ADD CONSTRAINT orders_person_fkey FOREIGN KEY (person) REFERENCES shop.people NOT VALID;
--@ constraint: foreign key validated
ALTER TABLE shop.orders VALIDATE CONSTRAINT orders_person_fkey;
--@ constraint: foreign key deferrable
ALTER TABLE shop.orders ALTER CONSTRAINT orders_person_fkey DEFERRABLE INITIALLY DEFERRED;
--@ constraint: foreign key cascades
ALTER TABLE shop.orders DROP CONSTRAINT orders_person_fkey;
ALTER TABLE shop.orders ADD CONSTRAINT orders_person_fkey FOREIGN KEY (person) REFERENCES shop.people ON DELETE CASCADE;
--@ constraint: not enforced [18+]
ALTER TABLE shop.orders ALTER CONSTRAINT orders_person_fkey NOT ENFORCED;
--@ constraint: enforced [18+]
ALTER TABLE shop.orders ALTER CONSTRAINT orders_person_fkey ENFORCED;
--@ constraint: unique
ALTER TABLE shop.orders ADD CONSTRAINT orders_once UNIQUE (person, made);
--@ constraint: its index renamed, and so itself
ALTER INDEX shop.orders_once RENAME TO orders_twice;
--@ constraint: its index commented
COMMENT ON INDEX shop.orders_twice IS 'of a constraint';
--@ constraint: its index with a parameter
ALTER INDEX shop.orders_twice SET (fillfactor = 80);
--@ constraint: its index as replica identity
ALTER TABLE shop.orders REPLICA IDENTITY USING INDEX orders_twice;
--@ constraint: unique dropped
ALTER TABLE shop.orders DROP CONSTRAINT orders_twice;
--@ constraint: unique nulls not distinct [15+]
ALTER TABLE shop.orders ADD CONSTRAINT orders_nulls UNIQUE NULLS NOT DISTINCT (price);
--@ constraint: unique with included columns
ALTER TABLE shop.orders ADD CONSTRAINT orders_incl UNIQUE (double) INCLUDE (made);
--@ constraint: primary key from an index
ALTER TABLE shop.plain ADD CONSTRAINT plain_d_key PRIMARY KEY USING INDEX plain_d_key;
--@ constraint: primary key dropped
ALTER TABLE shop.plain DROP CONSTRAINT plain_d_key;
--@ constraint: exclusion
ALTER TABLE shop.orders ADD CONSTRAINT orders_excl EXCLUDE USING btree (many WITH =) WHERE (many > 50);
--@ constraint: comment
COMMENT ON CONSTRAINT orders_excl ON shop.orders IS 'only one';
--@ constraint: of the parent dropped
ALTER TABLE shop.parent DROP CONSTRAINT parent_a;
--@ constraint: of the parent added
ALTER TABLE shop.parent ADD CONSTRAINT parent_b CHECK (a > 1);
--@ constraint: of parent and child
ALTER TABLE shop.child ADD CONSTRAINT parent_b CHECK (a > 1);

--@ index: create
CREATE INDEX plain_b_idx ON shop.plain (b);
--@ index: rename
ALTER INDEX shop.plain_b_idx RENAME TO plain_bb_idx;
--@ index: again [same]
REINDEX INDEX shop.plain_bb_idx;
--@ index: again, concurrently [same]
REINDEX INDEX CONCURRENTLY shop.plain_bb_idx;
--@ index: dropped and made again [same]
DROP INDEX shop.plain_bb_idx; CREATE INDEX plain_bb_idx ON shop.plain (b);
--@ index: descending
DROP INDEX shop.plain_bb_idx; CREATE INDEX plain_bb_idx ON shop.plain (b DESC NULLS LAST);
--@ index: with a condition
DROP INDEX shop.plain_bb_idx; CREATE INDEX plain_bb_idx ON shop.plain (b) WHERE b <> '';
--@ index: unique
DROP INDEX shop.plain_bb_idx; CREATE UNIQUE INDEX plain_bb_idx ON shop.plain (b);
--@ index: of another operator class
DROP INDEX shop.plain_bb_idx; CREATE INDEX plain_bb_idx ON shop.plain (b text_pattern_ops);
--@ index: of another collation
DROP INDEX shop.plain_bb_idx; CREATE INDEX plain_bb_idx ON shop.plain (b COLLATE "C");
--@ index: of another method
DROP INDEX shop.plain_bb_idx; CREATE INDEX plain_bb_idx ON shop.plain USING hash (b);
--@ index: with included columns
DROP INDEX shop.plain_bb_idx; CREATE INDEX plain_bb_idx ON shop.plain (b) INCLUDE (c);
--@ index: storage parameter
ALTER INDEX shop.plain_bb_idx SET (fillfactor = 70);
--@ index: storage parameter reset
ALTER INDEX shop.plain_bb_idx RESET (fillfactor);
--@ index: statistics of an expression
ALTER INDEX shop.orders_lower_idx ALTER COLUMN 1 SET STATISTICS 300;
--@ index: statistics by default
ALTER INDEX shop.orders_lower_idx ALTER COLUMN 1 SET STATISTICS -1;
--@ index: clustered
CLUSTER shop.plain USING plain_a_idx;
--@ index: clustered again [same]
CLUSTER shop.plain;
--@ index: not clustered
ALTER TABLE shop.plain SET WITHOUT CLUSTER;
--@ index: comment
COMMENT ON INDEX shop.orders_state_idx IS 'for the other list';
--@ index: the same comment [same]
COMMENT ON INDEX shop.orders_state_idx IS 'for the other list';
--@ index: invalid
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.plain_bb_idx'::regclass;
--@ index: an invalid one renamed: pg_dump passes invalid indexes over [more]
ALTER INDEX shop.plain_bb_idx RENAME TO plain_bbb_idx;
--@ index: an invalid one dropped [more]
DROP INDEX shop.plain_bbb_idx;
--@ index: and made
CREATE INDEX plain_bb_idx ON shop.plain (b);
--@ index: drop
DROP INDEX shop.plain_bb_idx;
--@ index: of a partitioned table, alone
CREATE INDEX events_at_idx ON ONLY shop.events (at);
--@ index: of its partition
CREATE INDEX events_1_at_idx ON shop.events_1 (at);
--@ index: of its partition, attached
ALTER INDEX shop.events_at_idx ATTACH PARTITION shop.events_1_at_idx;
--@ index: of the last partition, attached
CREATE INDEX events_2_at_idx ON shop.events_2 (at); ALTER INDEX shop.events_at_idx ATTACH PARTITION shop.events_2_at_idx;
--@ index: of a partition renamed
ALTER INDEX shop.events_1_at_idx RENAME TO events_1_at;

--@ view: another query
CREATE OR REPLACE VIEW shop.cheap AS SELECT id, price FROM shop.orders WHERE price < 20;
--@ view: one column more
CREATE OR REPLACE VIEW shop.cheap AS SELECT id, price, many FROM shop.orders WHERE price < 20;
--@ view: the same [same]
CREATE OR REPLACE VIEW shop.cheap AS SELECT id, price, many FROM shop.orders WHERE price < 20;
--@ view: renamed column
ALTER VIEW shop.cheap RENAME COLUMN many TO how_many;
--@ view: rename
ALTER VIEW shop.cheap RENAME TO cheaper;
--@ view: a column that it reads is renamed
ALTER TABLE shop.orders RENAME COLUMN many TO count;
--@ view: that column's name again
ALTER TABLE shop.orders RENAME COLUMN count TO many;
--@ view: check option
CREATE OR REPLACE VIEW shop.cheaper WITH (check_option = cascaded) AS
    SELECT id, price, many AS how_many FROM shop.orders WHERE price < 20;
--@ view: option
ALTER VIEW shop.cheaper SET (security_barrier = true);
--@ view: option reset
ALTER VIEW shop.cheaper RESET (security_barrier);
--@ view: invoker's rights [15+]
ALTER VIEW shop.cheaper SET (security_invoker = true);
--@ view: owner
ALTER VIEW shop.cheaper OWNER TO boss;
--@ view: comment
COMMENT ON VIEW shop.cheaper IS 'cheap';
--@ view: trigger
CREATE TRIGGER instead INSTEAD OF INSERT ON shop.cheaper FOR EACH ROW EXECUTE FUNCTION shop.touch();
--@ view: drop
DROP VIEW shop.cheaper;
--@ view: recursive
CREATE VIEW shop.steps AS WITH RECURSIVE steps (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM steps WHERE n < 9) SELECT n FROM steps;
--@ materialized view: refreshed [same]
REFRESH MATERIALIZED VIEW shop.sales;
--@ materialized view: refreshed concurrently [same]
REFRESH MATERIALIZED VIEW CONCURRENTLY shop.sales;
--@ materialized view: not populated [same]
REFRESH MATERIALIZED VIEW shop.sales WITH NO DATA;
--@ materialized view: parameter
ALTER MATERIALIZED VIEW shop.sales SET (fillfactor = 90);
--@ materialized view: statistics
ALTER MATERIALIZED VIEW shop.sales ALTER COLUMN spent SET STATISTICS 7;
--@ materialized view: storage
ALTER MATERIALIZED VIEW shop.sales ALTER COLUMN spent SET STORAGE PLAIN;
--@ materialized view: clustered
ALTER MATERIALIZED VIEW shop.sales CLUSTER ON sales_person_idx;
--@ materialized view: index dropped
DROP INDEX shop.sales_person_idx;
--@ materialized view: another query
DROP MATERIALIZED VIEW shop.sales;
CREATE MATERIALIZED VIEW shop.sales AS SELECT person, sum(price) AS spent, count(*) FROM shop.orders GROUP BY person;
--@ materialized view: comment
COMMENT ON MATERIALIZED VIEW shop.sales IS 'sold';
--@ materialized view: grant
GRANT SELECT ON shop.sales TO app;

--@ function: body
CREATE OR REPLACE FUNCTION shop.total(price numeric, many integer DEFAULT 1) RETURNS numeric
    LANGUAGE sql IMMUTABLE AS 'SELECT price * many + 0';
--@ function: the same [same]
CREATE OR REPLACE FUNCTION shop.total(price numeric, many integer DEFAULT 1) RETURNS numeric
    LANGUAGE sql IMMUTABLE AS 'SELECT price * many + 0';
--@ function: a blank in the body
CREATE OR REPLACE FUNCTION shop.total(price numeric, many integer DEFAULT 1) RETURNS numeric
    LANGUAGE sql IMMUTABLE AS 'SELECT price * many  + 0';
--@ function: a line's end at the end of the body
CREATE OR REPLACE FUNCTION shop.total(price numeric, many integer DEFAULT 1) RETURNS numeric
    LANGUAGE sql IMMUTABLE AS 'SELECT price * many  + 0
';
--@ function: default of an argument
CREATE OR REPLACE FUNCTION shop.total(price numeric, many integer DEFAULT 2) RETURNS numeric
    LANGUAGE sql IMMUTABLE AS 'SELECT price * many + 0';
--@ function: volatility
ALTER FUNCTION shop.total STABLE;
--@ function: strict
ALTER FUNCTION shop.total STRICT;
--@ function: security definer
ALTER FUNCTION shop.total SECURITY DEFINER;
--@ function: parallel
ALTER FUNCTION shop.total PARALLEL SAFE;
--@ function: cost
ALTER FUNCTION shop.total COST 7;
--@ function: leakproof
ALTER FUNCTION shop.total LEAKPROOF;
--@ function: setting
ALTER FUNCTION shop.total SET search_path TO shop, public;
--@ function: another setting
ALTER FUNCTION shop.total SET work_mem TO '1MB';
--@ function: no settings
ALTER FUNCTION shop.total RESET ALL;
--@ function: rows
CREATE FUNCTION shop.many(n integer) RETURNS SETOF integer LANGUAGE sql ROWS 10 AS 'SELECT generate_series(1, n)';
--@ function: other rows
ALTER FUNCTION shop.many ROWS 20;
--@ function: argument's name
DROP FUNCTION shop.many; CREATE FUNCTION shop.many(m integer) RETURNS SETOF integer LANGUAGE sql ROWS 20 AS 'SELECT 1';
--@ function: overloaded
CREATE FUNCTION shop.many(m text) RETURNS text LANGUAGE sql AS 'SELECT m';
--@ function: returning a table
CREATE FUNCTION shop.pairs() RETURNS TABLE (a integer, b text) LANGUAGE sql AS 'SELECT 1, NULL::text';
--@ function: with a body of SQL
CREATE FUNCTION shop.modern(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END;
--@ function: variadic, out
CREATE FUNCTION shop.several(OUT a integer, VARIADIC b integer[]) LANGUAGE sql AS 'SELECT 1';
--@ function: window
CREATE FUNCTION shop.number() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
--@ function: rename
ALTER FUNCTION shop.modern RENAME TO modern_2;
--@ function: owner
ALTER FUNCTION shop.modern_2 OWNER TO app;
--@ function: revoked from PUBLIC
REVOKE EXECUTE ON FUNCTION shop.modern_2 FROM PUBLIC;
--@ function: for one
GRANT EXECUTE ON FUNCTION shop.modern_2 TO reader;
--@ function: for everybody again
GRANT EXECUTE ON FUNCTION shop.modern_2 TO PUBLIC;
--@ function: comment
COMMENT ON FUNCTION shop.modern_2 IS 'plus one';
--@ function: drop
DROP FUNCTION shop.modern_2;
--@ procedure: body
CREATE OR REPLACE PROCEDURE shop.tidy(days integer) LANGUAGE plpgsql AS 'BEGIN NULL; END';
--@ procedure: security
ALTER PROCEDURE shop.tidy SECURITY DEFINER;
--@ procedure: comment
COMMENT ON PROCEDURE shop.tidy IS 'tidies';
--@ procedure: grant
GRANT EXECUTE ON PROCEDURE shop.tidy TO app WITH GRANT OPTION;
--@ procedure: drop
DROP PROCEDURE shop.tidy;
--@ aggregate: initial value
DROP AGGREGATE shop.sum_of(integer);
CREATE AGGREGATE shop.sum_of(integer) (SFUNC = shop.add, STYPE = integer, INITCOND = '1');
--@ aggregate: parallel
CREATE OR REPLACE AGGREGATE shop.sum_of(integer) (SFUNC = shop.add, STYPE = integer, INITCOND = '1', PARALLEL = safe);
--@ aggregate: combine
CREATE OR REPLACE AGGREGATE shop.sum_of(integer) (SFUNC = shop.add, STYPE = integer, INITCOND = '1', PARALLEL = safe, COMBINEFUNC = shop.add);
--@ aggregate: final function
CREATE OR REPLACE AGGREGATE shop.sum_of(integer) (SFUNC = shop.add, STYPE = integer, FINALFUNC = int4abs);
--@ aggregate: modified by it
CREATE OR REPLACE AGGREGATE shop.sum_of(integer) (SFUNC = shop.add, STYPE = integer, FINALFUNC = int4abs, FINALFUNC_MODIFY = READ_WRITE);
--@ aggregate: moving
CREATE OR REPLACE AGGREGATE shop.sum_of(integer) (SFUNC = shop.add, STYPE = integer, SSPACE = 10,
    MSFUNC = shop.add, MINVFUNC = shop.add, MSTYPE = integer);
--@ aggregate: ordered set
CREATE AGGREGATE shop.middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
--@ aggregate: owner
ALTER AGGREGATE shop.sum_of(integer) OWNER TO boss;
--@ aggregate: comment
COMMENT ON AGGREGATE shop.sum_of(integer) IS 'sum';
--@ aggregate: grant
REVOKE EXECUTE ON FUNCTION shop.sum_of(integer) FROM PUBLIC;

--@ trigger: disabled
ALTER TABLE shop.orders DISABLE TRIGGER orders_touch;
--@ trigger: replica
ALTER TABLE shop.orders ENABLE REPLICA TRIGGER orders_touch;
--@ trigger: always
ALTER TABLE shop.orders ENABLE ALWAYS TRIGGER orders_touch;
--@ trigger: enabled
ALTER TABLE shop.orders ENABLE TRIGGER orders_touch;
--@ trigger: replaced by the same [same]
CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
--@ trigger: other events
CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE OR INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
--@ trigger: of a column
CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE OF many ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
--@ trigger: with a condition
CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE ON shop.orders FOR EACH ROW WHEN (NEW.many > 1) EXECUTE FUNCTION shop.touch();
--@ trigger: with an argument
CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch('a');
--@ trigger: with transition tables
CREATE TRIGGER orders_all AFTER UPDATE ON shop.orders REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION shop.touch();
--@ trigger: rename
ALTER TRIGGER orders_all ON shop.orders RENAME TO orders_each;
--@ trigger: comment
COMMENT ON TRIGGER orders_each ON shop.orders IS 'each';
--@ trigger: drop
DROP TRIGGER orders_each ON shop.orders;
--@ trigger: constraint trigger, deferred differently
DROP TRIGGER orders_late ON shop.orders;
CREATE CONSTRAINT TRIGGER orders_late AFTER INSERT ON shop.orders DEFERRABLE INITIALLY IMMEDIATE
    FOR EACH ROW EXECUTE FUNCTION shop.touch();
--@ trigger: of a partition disabled
ALTER TABLE shop.events_1 DISABLE TRIGGER events_touch;
--@ trigger: of a partition enabled
ALTER TABLE shop.events_1 ENABLE TRIGGER events_touch;
--@ trigger: of partitions disabled with their parent's
ALTER TABLE shop.events DISABLE TRIGGER events_touch;
--@ trigger: of a partition enabled alone
ALTER TABLE shop.events_1 ENABLE TRIGGER events_touch;
--@ trigger: those of foreign keys disabled [same]
ALTER TABLE shop.people DISABLE TRIGGER ALL;

--@ rule: another action
CREATE OR REPLACE RULE plain_quiet AS ON DELETE TO shop.plain DO ALSO SELECT 1;
--@ rule: with a condition
CREATE OR REPLACE RULE plain_quiet AS ON DELETE TO shop.plain WHERE OLD.a > 1 DO INSTEAD NOTHING;
--@ rule: disabled
ALTER TABLE shop.plain DISABLE RULE plain_quiet;
--@ rule: always
ALTER TABLE shop.plain ENABLE ALWAYS RULE plain_quiet;
--@ rule: rename
ALTER RULE plain_quiet ON shop.plain RENAME TO plain_silent;
--@ rule: comment
COMMENT ON RULE plain_silent ON shop.plain IS 'silent';
--@ rule: of a view
CREATE RULE recent_insert AS ON INSERT TO shop.recent DO INSTEAD NOTHING;
--@ rule: drop
DROP RULE plain_silent ON shop.plain;

--@ sequence: step
ALTER SEQUENCE shop.numbers INCREMENT BY 2;
--@ sequence: start
ALTER SEQUENCE shop.numbers START WITH 7;
--@ sequence: least
ALTER SEQUENCE shop.numbers MINVALUE -5;
--@ sequence: most
ALTER SEQUENCE shop.numbers MAXVALUE 5000;
--@ sequence: cycle
ALTER SEQUENCE shop.numbers CYCLE;
--@ sequence: cache
ALTER SEQUENCE shop.numbers CACHE 20;
--@ sequence: type
ALTER SEQUENCE shop.numbers AS integer;
--@ sequence: used and restarted [same]
SELECT nextval('shop.numbers'); ALTER SEQUENCE shop.numbers RESTART WITH 100;
--@ sequence: owned by
ALTER SEQUENCE shop.numbers OWNED BY shop.plain.d;
--@ sequence: owned by none
ALTER SEQUENCE shop.numbers OWNED BY NONE;
--@ sequence: owner
ALTER SEQUENCE shop.numbers OWNER TO boss;
--@ sequence: grant
GRANT USAGE ON SEQUENCE shop.numbers TO app;
--@ sequence: comment
COMMENT ON SEQUENCE shop.numbers IS 'numbers';
--@ sequence: unlogged [15+]
CREATE UNLOGGED SEQUENCE shop.fast;
--@ sequence: logged [15+]
ALTER SEQUENCE shop.fast SET LOGGED;
--@ sequence: of a serial column renamed
ALTER SEQUENCE shop.orders_id_seq RENAME TO orders_numbers;
--@ sequence: drop
DROP SEQUENCE shop.numbers;

--@ policy: roles
ALTER POLICY own ON shop.people TO app, reader;
--@ policy: for everybody
ALTER POLICY own ON shop.people TO PUBLIC;
--@ policy: using
ALTER POLICY own ON shop.people USING (true);
--@ policy: check
CREATE POLICY own_2 ON shop.people FOR ALL USING (true) WITH CHECK (born IS NOT NULL);
--@ policy: check changed
ALTER POLICY own_2 ON shop.people WITH CHECK (born IS NULL);
--@ policy: restrictive
DROP POLICY own_2 ON shop.people;
CREATE POLICY own_2 ON shop.people AS RESTRICTIVE FOR ALL USING (true) WITH CHECK (born IS NULL);
--@ policy: command
CREATE POLICY own_3 ON shop.people FOR DELETE USING (false);
--@ policy: rename
ALTER POLICY own_3 ON shop.people RENAME TO own_4;
--@ policy: comment
COMMENT ON POLICY own_4 ON shop.people IS 'own';
--@ policy: drop
DROP POLICY own_4 ON shop.people;

--@ grant: one privilege more
GRANT DELETE ON shop.orders TO app;
--@ grant: what is there [same]
GRANT DELETE ON shop.orders TO app;
--@ grant: with grant option
GRANT SELECT ON shop.orders TO app WITH GRANT OPTION;
--@ grant: by another
SET ROLE app; GRANT SELECT ON shop.orders TO "odd role"; RESET ROLE;
--@ grant: revoked and granted, in another order [order]
REVOKE SELECT ON shop.orders FROM app CASCADE;
REVOKE ALL ON shop.orders FROM app;
GRANT SELECT ON shop.orders TO app WITH GRANT OPTION;
GRANT INSERT, DELETE ON shop.orders TO app;
SET ROLE app; GRANT SELECT ON shop.orders TO "odd role"; RESET ROLE;
--@ grant: all
GRANT ALL ON shop.orders TO reader;
--@ grant: all but one
REVOKE TRUNCATE ON shop.orders FROM reader;
--@ grant: to everybody
GRANT SELECT ON shop.orders TO PUBLIC;
--@ grant: revoked
REVOKE SELECT ON shop.orders FROM PUBLIC;
--@ grant: granted and revoked, so that defaults are written down [same]
GRANT SELECT ON shop.plain TO app; REVOKE SELECT ON shop.plain FROM app;
--@ grant: nothing for the owner
REVOKE ALL ON shop.plain FROM CURRENT_USER;
--@ grant: all for the owner again
GRANT ALL ON shop.plain TO CURRENT_USER;
--@ grant: of a column
GRANT SELECT (name, born) ON shop.people TO reader;
--@ grant: of a column revoked
REVOKE SELECT (name) ON shop.people FROM reader;
--@ grant: of a column, all
GRANT ALL (born) ON shop.people TO reader;
--@ grant: of a type
GRANT USAGE ON TYPE shop.status TO app;
--@ grant: of a type revoked from PUBLIC
REVOKE USAGE ON TYPE shop.status FROM PUBLIC;
--@ grant: of a domain
REVOKE USAGE ON DOMAIN shop.amount FROM PUBLIC;
--@ grant: of a language of the core [same]
REVOKE USAGE ON LANGUAGE sql FROM PUBLIC;
--@ grant: of a language of the core again [same]
GRANT USAGE ON LANGUAGE sql TO PUBLIC;
--@ grant: of an extension's language
GRANT USAGE ON LANGUAGE plpgsql TO app;
--@ grant: of a server
GRANT USAGE ON FOREIGN SERVER far TO app;
--@ grant: of a wrapper
GRANT USAGE ON FOREIGN DATA WRAPPER nothing TO app;
--@ grant: of a system function
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO app;
--@ grant: of a system function revoked
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() FROM app;
--@ grant: of a system table
GRANT SELECT ON pg_catalog.pg_authid TO app;
--@ grant: of a system table's column
GRANT SELECT (rolname) ON pg_catalog.pg_authid TO reader;
--@ grant: of a system view
REVOKE SELECT ON pg_catalog.pg_roles FROM PUBLIC;
--@ grant: of an extension's function
REVOKE EXECUTE ON FUNCTION ext.similarity(text, text) FROM PUBLIC;
--@ grant: of an extension's function to one
GRANT EXECUTE ON FUNCTION ext.show_trgm(text) TO app;
--@ grant: of an extension's type
REVOKE USAGE ON TYPE ext.citext FROM PUBLIC;
--@ grant: of a schema
REVOKE USAGE ON SCHEMA shop FROM reader;
--@ default privileges: add
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT INSERT ON TABLES TO app;
--@ default privileges: change
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO app;
--@ default privileges: of sequences
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT USAGE ON SEQUENCES TO app;
--@ default privileges: of functions
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT EXECUTE ON FUNCTIONS TO app;
--@ default privileges: of types
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;
--@ default privileges: of schemas
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO app;
--@ default privileges: of another role
ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA shop GRANT ALL ON TABLES TO app;
--@ default privileges: revoked
ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA shop REVOKE ALL ON TABLES FROM app;
--@ default privileges: the built-in ones again
ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT EXECUTE ON FUNCTIONS TO PUBLIC;

--@ owner: of a table
ALTER TABLE shop.orders OWNER TO boss;
--@ owner: the same [same]
ALTER TABLE shop.orders OWNER TO boss;
--@ owner: of a type
ALTER TYPE shop.status OWNER TO boss;
--@ owner: of a domain
ALTER DOMAIN shop.amount OWNER TO boss;
--@ owner: of a schema
ALTER SCHEMA other OWNER TO app;
--@ owner: of a materialized view
ALTER MATERIALIZED VIEW shop.sales OWNER TO boss;
--@ owner: of statistics
ALTER STATISTICS shop.orders_stats OWNER TO boss;
--@ owner: of a collation
ALTER COLLATION shop.plain OWNER TO boss;

--@ enum: value
ALTER TYPE shop.status ADD VALUE 'lost';
--@ enum: value in between
ALTER TYPE shop.status ADD VALUE 'open' BEFORE 'paid';
--@ enum: value renamed
ALTER TYPE shop.status RENAME VALUE 'open' TO 'opened';
--@ enum: renamed
ALTER TYPE shop.status RENAME TO state;
--@ enum: comment
COMMENT ON TYPE shop.state IS 'of an order';
--@ enum: create
CREATE TYPE shop.mood AS ENUM ('a', 'b');
--@ enum: recreated with the values in another order
DROP TYPE shop.mood; CREATE TYPE shop.mood AS ENUM ('b', 'a');
--@ enum: recreated [same]
DROP TYPE shop.mood; CREATE TYPE shop.mood AS ENUM ('b', 'a');
--@ enum: drop
DROP TYPE shop.mood;
--@ domain: default
ALTER DOMAIN shop.amount SET DEFAULT 3;
--@ domain: not null
ALTER DOMAIN shop.amount SET NOT NULL;
--@ domain: null
ALTER DOMAIN shop.amount DROP NOT NULL;
--@ domain: not null by name [18+]
CREATE DOMAIN shop.needed AS text CONSTRAINT there NOT NULL;
--@ domain: check
ALTER DOMAIN shop.amount ADD CONSTRAINT amount_small CHECK (VALUE < 1000000) NOT VALID;
--@ domain: check validated
ALTER DOMAIN shop.amount VALIDATE CONSTRAINT amount_small;
--@ domain: check renamed
ALTER DOMAIN shop.amount RENAME CONSTRAINT amount_small TO amount_little;
--@ domain: check commented
COMMENT ON CONSTRAINT amount_little ON DOMAIN shop.amount IS 'little';
--@ domain: check dropped
ALTER DOMAIN shop.amount DROP CONSTRAINT amount_little;
--@ domain: with a collation
CREATE DOMAIN shop.word AS text COLLATE "C";
--@ domain: with another
DROP DOMAIN shop.word; CREATE DOMAIN shop.word AS text COLLATE "POSIX";
--@ domain: comment
COMMENT ON DOMAIN shop.word IS 'word';
--@ domain: of a domain
CREATE DOMAIN shop.deep AS shop.word DEFAULT 'a' CHECK (VALUE <> 'b');
--@ composite type: attribute
CREATE TYPE shop.place AS (x integer, y integer);
--@ composite type: attribute more
ALTER TYPE shop.place ADD ATTRIBUTE z integer;
--@ composite type: attribute's type
ALTER TYPE shop.place ALTER ATTRIBUTE z TYPE text COLLATE "C";
--@ composite type: attribute renamed
ALTER TYPE shop.place RENAME ATTRIBUTE z TO w;
--@ composite type: attribute dropped
ALTER TYPE shop.place DROP ATTRIBUTE w;
--@ composite type: attributes in another order
ALTER TYPE shop.place DROP ATTRIBUTE x; ALTER TYPE shop.place ADD ATTRIBUTE x integer;
--@ composite type: of a typed table
ALTER TYPE shop.address ADD ATTRIBUTE country text CASCADE;
--@ composite type: owner
ALTER TYPE shop.place OWNER TO boss;
--@ composite type: drop
DROP TYPE shop.place;
--@ range type: create
CREATE TYPE shop.reach AS RANGE (subtype = float8, subtype_diff = float8mi);
--@ range type: without a difference
DROP TYPE shop.reach; CREATE TYPE shop.reach AS RANGE (subtype = float8);
--@ range type: the name of its multirange
DROP TYPE shop.reach; CREATE TYPE shop.reach AS RANGE (subtype = float8, multirange_type_name = shop.reaches);
--@ range type: with a collation
CREATE TYPE shop.letters AS RANGE (subtype = text, collation = "C");
--@ base type: shell
CREATE TYPE shop.raw;
--@ base type: functions of it
CREATE FUNCTION shop.raw_in(cstring) RETURNS shop.raw LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION shop.raw_out(shop.raw) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
--@ base type: whole
CREATE TYPE shop.raw (INPUT = shop.raw_in, OUTPUT = shop.raw_out, LIKE = text);
--@ base type: storage
ALTER TYPE shop.raw SET (STORAGE = external);

--@ extension: create
CREATE EXTENSION hstore SCHEMA other;
--@ extension: to another schema
ALTER EXTENSION hstore SET SCHEMA shop;
--@ extension: comment
COMMENT ON EXTENSION hstore IS 'pairs';
--@ extension: a member made one
CREATE FUNCTION shop.belongs() RETURNS integer LANGUAGE sql AS 'SELECT 1';
--@ extension: a member
ALTER EXTENSION hstore ADD FUNCTION shop.belongs();
--@ extension: a table as a member [same]
CREATE TABLE shop.member (id serial PRIMARY KEY, a text CHECK (a <> '')); ALTER EXTENSION hstore ADD TABLE shop.member; ALTER EXTENSION hstore ADD SEQUENCE shop.member_id_seq;
--@ extension: an index of a member [same]
CREATE INDEX ON shop.member (a);
--@ extension: a comment on a member [same]
COMMENT ON TABLE shop.member IS 'not ours';
--@ extension: a column of a member [same]
ALTER TABLE shop.member ADD COLUMN b integer DEFAULT 5;
--@ extension: a trigger of a member [same]
CREATE TRIGGER member_touch BEFORE UPDATE ON shop.member FOR EACH ROW EXECUTE FUNCTION shop.touch();
--@ extension: a grant on a member
GRANT DELETE ON shop.member TO app;
--@ extension: a table no longer a member
ALTER EXTENSION hstore DROP TABLE shop.member; ALTER EXTENSION hstore DROP SEQUENCE shop.member_id_seq;
--@ extension: drop
DROP TABLE shop.member; DROP EXTENSION hstore;

--@ publication: table
ALTER PUBLICATION news ADD TABLE shop.people;
--@ publication: without a table
ALTER PUBLICATION news DROP TABLE shop.people;
--@ publication: with a condition [15+]
ALTER PUBLICATION news SET TABLE shop.orders WHERE (id > 5);
--@ publication: with columns [15+]
ALTER PUBLICATION news SET TABLE shop.orders (id, made);
--@ publication: schema [15+]
ALTER PUBLICATION news SET TABLES IN SCHEMA other;
--@ publication: published operations
ALTER PUBLICATION news SET (publish = 'insert, update');
--@ publication: via root
ALTER PUBLICATION news SET (publish_via_partition_root = true);
--@ publication: generated columns [18+]
ALTER PUBLICATION news SET (publish_generated_columns = stored);
--@ publication: all tables
CREATE PUBLICATION everything FOR ALL TABLES;
--@ publication: rename
ALTER PUBLICATION everything RENAME TO everything_2;
--@ publication: owner
ALTER PUBLICATION everything_2 OWNER TO super;
--@ publication: comment
COMMENT ON PUBLICATION news IS 'new';
--@ publication: drop
DROP PUBLICATION everything_2;
--@ subscription: create
CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere password=secret' PUBLICATION p WITH (connect = false, slot_name = NONE);
--@ subscription: connection
ALTER SUBSCRIPTION sub CONNECTION 'host=nowhere password=other';
--@ subscription: publications
ALTER SUBSCRIPTION sub SET PUBLICATION p, q WITH (refresh = false);
--@ subscription: option
ALTER SUBSCRIPTION sub SET (binary = true);
--@ subscription: comment
COMMENT ON SUBSCRIPTION sub IS 'sub';
--@ subscription: drop
DROP SUBSCRIPTION sub;

--@ statistics: kinds
DROP STATISTICS shop.orders_stats; CREATE STATISTICS shop.orders_stats (mcv) ON person, state FROM shop.orders;
--@ statistics: expression
CREATE STATISTICS shop.expression_stats ON (many + 1), person FROM shop.orders;
--@ statistics: target
ALTER STATISTICS shop.orders_stats SET STATISTICS 77;
--@ statistics: target by default
ALTER STATISTICS shop.orders_stats SET STATISTICS -1;
--@ statistics: gathered [same]
ANALYZE shop.orders;
--@ statistics: rename
ALTER STATISTICS shop.orders_stats RENAME TO orders_stats_2;
--@ statistics: comment
COMMENT ON STATISTICS shop.orders_stats_2 IS 'stats';
--@ statistics: drop
DROP STATISTICS shop.orders_stats_2;

--@ event trigger: enabled
ALTER EVENT TRIGGER watcher ENABLE;
--@ event trigger: replica
ALTER EVENT TRIGGER watcher ENABLE REPLICA;
--@ event trigger: rename
ALTER EVENT TRIGGER watcher RENAME TO watchman;
--@ event trigger: tags
DROP EVENT TRIGGER watchman;
CREATE EVENT TRIGGER watchman ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION shop.watch();
--@ event trigger: event
DROP EVENT TRIGGER watchman; CREATE EVENT TRIGGER watchman ON sql_drop EXECUTE FUNCTION shop.watch();
--@ event trigger: owner
ALTER EVENT TRIGGER watchman OWNER TO super;
--@ event trigger: comment
COMMENT ON EVENT TRIGGER watchman IS 'watches';
--@ event trigger: drop
DROP EVENT TRIGGER watchman;

--@ comment: change
COMMENT ON TABLE shop.orders IS 'What people ordered';
--@ comment: the same [same]
COMMENT ON TABLE shop.orders IS 'What people ordered';
--@ comment: drop
COMMENT ON TABLE shop.orders IS NULL;
--@ comment: empty is none [same]
COMMENT ON TABLE shop.orders IS '';
--@ comment: of a column dropped
COMMENT ON COLUMN shop.orders.price IS NULL;
--@ comment: of a cast
COMMENT ON CAST (shop.state AS integer) IS 'cast';
--@ comment: of an operator
COMMENT ON OPERATOR shop.+# (integer, integer) IS 'operator';
--@ comment: of an operator class
COMMENT ON OPERATOR CLASS shop.backward_ops USING btree IS 'class';
--@ comment: of an operator family
COMMENT ON OPERATOR FAMILY shop.backward USING btree IS 'family';
--@ comment: of a text search configuration
COMMENT ON TEXT SEARCH CONFIGURATION shop.search IS 'search';
--@ comment: of a collation
COMMENT ON COLLATION shop.plain IS 'plain';
--@ comment: of a conversion
COMMENT ON CONVERSION shop.latin IS 'latin';
--@ comment: of a server
COMMENT ON SERVER far IS 'far';
--@ comment: of an access method
COMMENT ON ACCESS METHOD pile IS 'pile';
--@ comment: of a system table [same]
COMMENT ON TABLE pg_catalog.pg_class IS 'ours';
--@ comment: of the database [same]
DO 'BEGIN EXECUTE format(''COMMENT ON DATABASE %I IS ''''mine'''''', current_database()); END';
--@ comment: of a large object [same]
SELECT lo_create(4711); COMMENT ON LARGE OBJECT 4711 IS 'large';

--@ partitioning: one more
CREATE TABLE shop.events_3 PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
--@ partitioning: detached
ALTER TABLE shop.events DETACH PARTITION shop.events_3;
--@ partitioning: detached concurrently
ALTER TABLE shop.events DETACH PARTITION shop.events_2 CONCURRENTLY;
--@ partitioning: attached
ALTER TABLE shop.events ATTACH PARTITION shop.events_3 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
--@ partitioning: attached with other bounds
ALTER TABLE shop.events DETACH PARTITION shop.events_3;
ALTER TABLE shop.events ATTACH PARTITION shop.events_3 FOR VALUES FROM ('2026-01-01') TO ('2028-01-01');
--@ partitioning: for the rest
CREATE TABLE shop.events_rest PARTITION OF shop.events DEFAULT;
--@ partitioning: of a partition
CREATE TABLE shop.events_4 PARTITION OF shop.events FOR VALUES FROM ('2030-01-01') TO ('2031-01-01') PARTITION BY LIST (id);
--@ partitioning: list
CREATE TABLE shop.events_41 PARTITION OF shop.events_4 FOR VALUES IN (1, 2);
--@ partitioning: hash
CREATE TABLE shop.hashed (a integer, b text COLLATE "C") PARTITION BY HASH (a, lower(b));
--@ partitioning: hash bound
CREATE TABLE shop.hashed_0 PARTITION OF shop.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
--@ partitioning: key of partitions
ALTER TABLE shop.events ADD CONSTRAINT events_pkey PRIMARY KEY (id, at);
--@ partitioning: foreign key of partitions
ALTER TABLE shop.events ADD CONSTRAINT events_person FOREIGN KEY (id) REFERENCES shop.people;
--@ partitioning: foreign key to partitions
CREATE TABLE shop.to_events (id bigint, at date, FOREIGN KEY (id, at) REFERENCES shop.events);
--@ partitioning: column of partitions
ALTER TABLE shop.events ADD COLUMN more integer DEFAULT 4;
--@ partitioning: default of one partition
ALTER TABLE shop.events_1 ALTER COLUMN more SET DEFAULT 5;
--@ partitioning: not null of one partition
ALTER TABLE shop.events_1 ALTER COLUMN body SET NOT NULL;
--@ partitioning: a check of one partition
ALTER TABLE shop.events_1 ADD CONSTRAINT events_1_id CHECK (id > 0);
--@ partitioning: the parent's check
ALTER TABLE shop.events DROP CONSTRAINT events_body;
--@ inheritance: another parent
CREATE TABLE shop.parent_2 (c integer);
--@ inheritance: of both
ALTER TABLE shop.child INHERIT shop.parent_2;
--@ inheritance: not of it
ALTER TABLE shop.child NO INHERIT shop.parent_2;
--@ inheritance: column of the parent
ALTER TABLE shop.parent ADD COLUMN d integer;
--@ inheritance: column of the child's own, too
CREATE TABLE shop.child_2 (a integer NOT NULL, b text, d integer, CONSTRAINT parent_b CHECK (a > 1)); ALTER TABLE shop.child_2 INHERIT shop.parent;
--@ inheritance: default of the child
ALTER TABLE shop.child ALTER COLUMN b SET DEFAULT 'c';
--@ inheritance: no default in the child
ALTER TABLE shop.child ALTER COLUMN b DROP DEFAULT;
--@ inheritance: not null of the child
ALTER TABLE shop.child ALTER COLUMN b SET NOT NULL;
--@ inheritance: not null of the parent, too
ALTER TABLE shop.parent ALTER COLUMN b SET NOT NULL;
--@ inheritance: nothing inherited
ALTER TABLE shop.child NO INHERIT shop.parent;
--@ inheritance: inherited again
ALTER TABLE shop.child INHERIT shop.parent;

--@ storage parameter: one
ALTER TABLE shop.plain SET (fillfactor = 70);
--@ storage parameter: another
ALTER TABLE shop.plain SET (autovacuum_enabled = false);
--@ storage parameter: the first changed
ALTER TABLE shop.plain SET (fillfactor = 80);
--@ storage parameter: the same, in another order [order]
ALTER TABLE shop.plain RESET (fillfactor, autovacuum_enabled);
ALTER TABLE shop.plain SET (fillfactor = 80, autovacuum_enabled = false);
--@ storage parameter: of toast
ALTER TABLE shop.plain SET (toast.autovacuum_enabled = false);
--@ storage parameter: of toast reset
ALTER TABLE shop.plain RESET (toast.autovacuum_enabled);
--@ storage parameter: reset
ALTER TABLE shop.plain RESET (fillfactor);
--@ storage parameter: of a partition
ALTER TABLE shop.events_1 SET (fillfactor = 50);
--@ replica identity: full
ALTER TABLE shop.plain REPLICA IDENTITY FULL;
--@ replica identity: nothing
ALTER TABLE shop.plain REPLICA IDENTITY NOTHING;
--@ replica identity: default
ALTER TABLE shop.plain REPLICA IDENTITY DEFAULT;
--@ replica identity: index
ALTER TABLE shop.orders REPLICA IDENTITY USING INDEX orders_pkey;
--@ replica identity: full instead of the index
ALTER TABLE shop.orders REPLICA IDENTITY FULL;

--@ cast: drop
DROP CAST (shop.state AS integer);
--@ cast: as assignment
CREATE CAST (shop.state AS integer) WITH INOUT AS ASSIGNMENT;
--@ cast: implicit
DROP CAST (shop.state AS integer); CREATE CAST (shop.state AS integer) WITH INOUT AS IMPLICIT;
--@ cast: with a function
CREATE FUNCTION shop.to_number(shop.state) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE CAST (shop.state AS bigint) WITH FUNCTION shop.to_number(shop.state);
--@ collation: another locale
DROP COLLATION IF EXISTS shop.second; CREATE COLLATION shop.second (provider = libc, locale = 'POSIX');
--@ collation: rename
ALTER COLLATION shop.second RENAME TO third;
--@ conversion: default
CREATE DEFAULT CONVERSION shop.default_latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
--@ conversion: drop
DROP CONVERSION shop.default_latin;
--@ operator: commutator
CREATE OPERATOR shop.=== (FUNCTION = int4eq, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = OPERATOR(shop.===));
--@ operator: restriction
ALTER OPERATOR shop.=== (integer, integer) SET (RESTRICT = eqsel);
--@ operator: owner
ALTER OPERATOR shop.=== (integer, integer) OWNER TO boss;
--@ operator: hashes, merges
CREATE OPERATOR shop.==== (FUNCTION = int4eq, LEFTARG = integer, RIGHTARG = integer, HASHES, MERGES);
--@ operator family: a loose member
ALTER OPERATOR FAMILY shop.backward USING btree ADD OPERATOR 1 > (integer, bigint);
--@ operator family: without it
ALTER OPERATOR FAMILY shop.backward USING btree DROP OPERATOR 1 (integer, bigint);
--@ operator class: drop
DROP OPERATOR CLASS shop.backward_ops USING btree;
--@ operator class: with one operator less
CREATE OPERATOR CLASS shop.backward_ops FOR TYPE integer USING btree FAMILY shop.backward AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, FUNCTION 1 shop.compare(integer, integer);
--@ text search: dictionary's option
ALTER TEXT SEARCH DICTIONARY shop.words (STOPWORDS = german);
--@ text search: mapping
ALTER TEXT SEARCH CONFIGURATION shop.search ALTER MAPPING FOR asciiword WITH shop.words, simple;
--@ text search: mapping in another order
ALTER TEXT SEARCH CONFIGURATION shop.search ALTER MAPPING FOR asciiword WITH simple, shop.words;
--@ text search: mapping dropped
ALTER TEXT SEARCH CONFIGURATION shop.search DROP MAPPING FOR email;
--@ text search: owner
ALTER TEXT SEARCH CONFIGURATION shop.search OWNER TO boss;
--@ text search: parser
CREATE TEXT SEARCH PARSER shop.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
--@ text search: template
CREATE TEXT SEARCH TEMPLATE shop.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
--@ foreign: wrapper's option
ALTER FOREIGN DATA WRAPPER nothing OPTIONS (ADD a 'b');
--@ foreign: wrapper's owner
ALTER FOREIGN DATA WRAPPER nothing OWNER TO super;
--@ foreign: server's option
ALTER SERVER far OPTIONS (SET host 'farther.example');
--@ foreign: server's version
ALTER SERVER far VERSION '2';
--@ foreign: mapping's password
ALTER USER MAPPING FOR app SERVER far OPTIONS (SET password 'other');
--@ foreign: mapping for everybody
CREATE USER MAPPING FOR PUBLIC SERVER far;
--@ foreign: mapping dropped
DROP USER MAPPING FOR app SERVER far;
--@ foreign: table's option
ALTER FOREIGN TABLE shop.remote OPTIONS (SET table_name 'z');
--@ foreign: column's option
ALTER FOREIGN TABLE shop.remote ALTER COLUMN a OPTIONS (SET column_name 'z');
--@ foreign: table's column
ALTER FOREIGN TABLE shop.remote ADD COLUMN c integer;
--@ foreign: check
ALTER FOREIGN TABLE shop.remote ADD CONSTRAINT remote_a CHECK (a > 0);
--@ foreign: table dropped
DROP FOREIGN TABLE shop.remote;
--@ language: create
CREATE LANGUAGE plother HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
--@ language: trusted, which pg_dump does not tell of a handler in pg_catalog [more]
DROP LANGUAGE plother;
CREATE TRUSTED LANGUAGE plother HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
--@ language: grant
REVOKE USAGE ON LANGUAGE plother FROM PUBLIC;
--@ transform: create
CREATE FUNCTION shop.raw_to(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'textin';
CREATE TRANSFORM FOR shop.raw LANGUAGE plother (FROM SQL WITH FUNCTION shop.raw_to(internal));
--@ transform: drop
DROP TRANSFORM FOR shop.raw LANGUAGE plother;
--@ access method: drop [15+]
DROP ACCESS METHOD pile;

--@ security label: of a table; no provider comes with PostgreSQL, so its row is written by hand
INSERT INTO pg_seclabel VALUES ('shop.orders'::regclass, 'pg_class'::regclass, 0, 'dummy', 'secret');
--@ security label: another
UPDATE pg_seclabel SET label = 'top secret';
--@ security label: of a column
INSERT INTO pg_seclabel VALUES ('shop.orders'::regclass, 'pg_class'::regclass, 1, 'dummy', 'secret');
--@ security label: of a function
INSERT INTO pg_seclabel VALUES ('shop.touch'::regproc, 'pg_proc'::regclass, 0, 'dummy', 'secret');
--@ security label: of another provider
INSERT INTO pg_seclabel VALUES ('shop.orders'::regclass, 'pg_class'::regclass, 0, 'other', 'secret');
--@ security label: of an extension's member [same]
INSERT INTO pg_seclabel VALUES ('ext.citext'::regtype, 'pg_type'::regclass, 0, 'dummy', 'secret');
--@ security label: drop
DELETE FROM pg_seclabel WHERE objsubid = 1;

--@ names: all of them odd
CREATE SCHEMA "Odd ""schema";
CREATE TABLE "Odd ""schema"."a.b" ("c d" integer PRIMARY KEY DEFAULT 5, "é'" text DEFAULT 'it''s', "select" text CONSTRAINT "x y" CHECK ("select" <> ''));
CREATE INDEX "i.j" ON "Odd ""schema"."a.b" ("é'", lower("select"));
CREATE VIEW "Odd ""schema"."v""w" AS SELECT "c d", "select" AS "S" FROM "Odd ""schema"."a.b";
CREATE FUNCTION "Odd ""schema"."f()"("a b" text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE TYPE "Odd ""schema"."T y" AS ENUM ('it''s', 'a,b', '"');
CREATE SEQUENCE "Odd ""schema"."s s" OWNED BY "Odd ""schema"."a.b"."c d";
CREATE POLICY "p p" ON "Odd ""schema"."a.b" TO "odd role";
CREATE TRIGGER "t t" BEFORE INSERT ON "Odd ""schema"."a.b" FOR EACH ROW EXECUTE FUNCTION shop.touch();
--@ names: comment
COMMENT ON COLUMN "Odd ""schema"."a.b"."c d" IS 'it''s a "comment"
of two lines';
--@ names: grant
GRANT SELECT ("c d") ON "Odd ""schema"."a.b" TO "odd role";
--@ names: owner
ALTER TABLE "Odd ""schema"."a.b" OWNER TO "odd role";
--@ names: an owner's own grants
REVOKE INSERT ON "Odd ""schema"."a.b" FROM "odd role";
--@ names: default privileges
ALTER DEFAULT PRIVILEGES FOR ROLE "odd role" IN SCHEMA "Odd ""schema" GRANT SELECT ON TABLES TO app;
--@ names: enum value
ALTER TYPE "Odd ""schema"."T y" RENAME VALUE 'a,b' TO 'a, b';
--@ names: a column and a table with similar names
CREATE TABLE shop."x.y" (z integer); CREATE SCHEMA "shop.x"; CREATE TABLE "shop.x".y (z integer);
--@ names: all dropped
DROP SCHEMA "Odd ""schema" CASCADE;
--@ table: generated, with everything
CREATE TABLE shop.wide (
    a smallserial, b bigserial UNIQUE, c integer[] DEFAULT '{1,2}', d jsonb DEFAULT '{"a": 1}', e uuid DEFAULT gen_random_uuid(),
    f timestamptz DEFAULT '2020-01-01 00:00:00+00', g interval DEFAULT '1 day 02:03:04', h bytea DEFAULT '\xdead', i float8 DEFAULT 0.1,
    j numeric(5, 2)[], k bit varying(5) DEFAULT B'101', l "char", m name, n inet DEFAULT '127.0.0.1', o int4range DEFAULT '[1,2)',
    p tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, m::text)) STORED, q shop.address DEFAULT ROW('a', 'b', 'c', NULL)::shop.address,
    r regclass DEFAULT 'shop.orders'::regclass, s money DEFAULT 5, t date DEFAULT CURRENT_DATE, u text DEFAULT CURRENT_USER, v xml,
    CHECK (a > 0), CHECK (b > a), EXCLUDE USING gist (o WITH &&), FOREIGN KEY (b) REFERENCES shop.orders MATCH FULL ON UPDATE SET NULL ON DELETE SET DEFAULT);
--@ table: its name changes, those of its parts do not
ALTER TABLE shop.wide RENAME TO wider;
--@ table: and back
ALTER TABLE shop.wider RENAME TO wide;
--@ table: recreated, equal except for the names of its sequences
CREATE TABLE shop.wide_2 (LIKE shop.wide INCLUDING ALL);
--@ table: created equal and dropped [same]
CREATE TABLE shop.wide_3 (LIKE shop.wide INCLUDING ALL); DROP TABLE shop.wide_3;
--@ column: dropped with what hangs on it
ALTER TABLE shop.wide DROP COLUMN o, DROP COLUMN m CASCADE;
--@ column: serial made by hand [same]
ALTER TABLE shop.wide ALTER COLUMN a SET DEFAULT nextval('shop.wide_a_seq');
--@ column: one whose sequence is another's
ALTER TABLE shop.wide ALTER COLUMN a SET DEFAULT nextval('shop.wide_b_seq');
--@ column: serial's sequence dropped
ALTER TABLE shop.wide ALTER COLUMN b DROP DEFAULT; ALTER TABLE shop.wide ALTER COLUMN a DROP DEFAULT; DROP SEQUENCE shop.wide_b_seq CASCADE;
--@ constraint: foreign key's column list [15+]
ALTER TABLE shop.wide ADD COLUMN w integer, ADD CONSTRAINT wide_fk FOREIGN KEY (w) REFERENCES shop.orders ON DELETE SET NULL (w);
--@ constraint: foreign key to itself
ALTER TABLE shop.wide ADD COLUMN x bigint REFERENCES shop.wide (b);
--@ constraint: check of the whole row
ALTER TABLE shop.wide ADD CONSTRAINT whole CHECK (wide IS NOT NULL);
--@ constraint: unique deferrable [15+]
ALTER TABLE shop.wide ADD CONSTRAINT wide_w UNIQUE (w) DEFERRABLE;
--@ constraint: unique initially deferred [15+]
ALTER TABLE shop.wide DROP CONSTRAINT wide_w, ADD CONSTRAINT wide_w UNIQUE (w) DEFERRABLE INITIALLY DEFERRED;
--@ constraint: without overlaps [18+]
CREATE TABLE shop.rooms (during int4range, span int4multirange, CONSTRAINT rooms_key UNIQUE (during, span WITHOUT OVERLAPS));
--@ constraint: check not enforced [18+]
ALTER TABLE shop.wide ADD CONSTRAINT lazy CHECK (a < 5) NOT ENFORCED;
--@ column: not null of a parent alone [18+]
CREATE TABLE shop.p (a integer, b integer CONSTRAINT p_there NOT NULL); CREATE TABLE shop.c () INHERITS (shop.p);
--@ column: not null of a child, too [18+]
ALTER TABLE shop.c ADD CONSTRAINT c_there NOT NULL a;
--@ column: not null of the parent, when the child has it [18+]
ALTER TABLE shop.p ADD CONSTRAINT p_a NOT NULL a NO INHERIT;
--@ column: not null of a new child [18+]
CREATE TABLE shop.c2 (d integer NOT NULL) INHERITS (shop.p);
--@ column: not null of the child inherited [18+]
ALTER TABLE shop.c2 NO INHERIT shop.p;
--@ column: not null of the child inherited again [18+]
ALTER TABLE shop.c2 INHERIT shop.p;
--@ column: not null dropped in the parent [18+]
ALTER TABLE shop.p ALTER COLUMN b DROP NOT NULL;
--@ partitioning: not null by a name [18+]
CREATE TABLE shop.q (a integer CONSTRAINT q_a_there NOT NULL) PARTITION BY LIST (a); CREATE TABLE shop.q1 PARTITION OF shop.q FOR VALUES IN (1);
--@ partitioning: a partition that had a name for it [18+]
CREATE TABLE shop.q2 (a integer CONSTRAINT q2_own NOT NULL); ALTER TABLE shop.q ATTACH PARTITION shop.q2 FOR VALUES IN (2);
--@ partitioning: detached, it keeps it [18+]
ALTER TABLE shop.q DETACH PARTITION shop.q2;
--@ partitioning: columns in another order than the parent's
CREATE TABLE shop.r (a integer, b text, c text) PARTITION BY LIST (a); CREATE TABLE shop.r1 (c text, a integer, b text); ALTER TABLE shop.r ATTACH PARTITION shop.r1 FOR VALUES IN (1);
--@ partitioning: an index on all, with one that was there
CREATE INDEX r1_b ON shop.r1 (b); CREATE INDEX r_b ON shop.r (b);
--@ partitioning: an index that is unique, of partitions
CREATE UNIQUE INDEX r_a ON shop.r (a);
--@ partitioning: identity of partitions [18+]
ALTER TABLE shop.r ADD COLUMN i integer GENERATED ALWAYS AS IDENTITY;
--@ partitioning: a trigger of one partition alone
CREATE TRIGGER r1_only AFTER INSERT ON shop.r1 FOR EACH ROW EXECUTE FUNCTION shop.touch();
--@ partitioning: a trigger of all renamed
CREATE TRIGGER r_all AFTER INSERT ON shop.r FOR EACH ROW EXECUTE FUNCTION shop.touch(); ALTER TRIGGER r_all ON shop.r RENAME TO r_each;
--@ partitioning: statistics of one partition's column
ALTER TABLE shop.r1 ALTER COLUMN b SET STATISTICS 5;
--@ partitioning: comment on a partition's index
COMMENT ON INDEX shop.r1_b IS 'b';
--@ partitioning: row level security of one partition
ALTER TABLE shop.r1 ENABLE ROW LEVEL SECURITY;
--@ partitioning: a partition dropped and made again [same]
ALTER TABLE shop.events DETACH PARTITION shop.events_3; DROP TABLE shop.events_3; CREATE TABLE shop.events_3 PARTITION OF shop.events FOR VALUES FROM ('2026-01-01') TO ('2028-01-01');
--@ partitioning: a partition of a partition detached
ALTER TABLE shop.events_4 DETACH PARTITION shop.events_41;
--@ partitioning: a partitioned table dropped
DROP TABLE shop.r;
--@ view: of everything
CREATE VIEW shop.all_of AS
    WITH a AS (SELECT o.id, p.name FROM shop.orders o JOIN shop.people p ON p.id = o.person LEFT JOIN LATERAL (SELECT 1 AS one) l ON true)
    SELECT a.id, row_number() OVER (PARTITION BY a.name ORDER BY a.id DESC) AS n, count(*) FILTER (WHERE a.id > 1) OVER () AS c,
           CASE WHEN a.name LIKE 'a%' THEN ARRAY[1, 2] END AS arr, EXISTS (SELECT 1 FROM shop.plain) AS e
    FROM a UNION ALL SELECT 1, 2, 3, NULL, false ORDER BY 1 LIMIT 5;
--@ view: of a view's columns that were renamed below
ALTER TABLE shop.people RENAME COLUMN name TO full_name;
--@ view: of them by their old name
ALTER TABLE shop.people RENAME COLUMN full_name TO name;
--@ view: of two that need each other's table
CREATE VIEW shop.star AS SELECT * FROM shop.plain;
--@ view: not of a column that came later
ALTER TABLE shop.plain ADD COLUMN later integer;
--@ view: grant of its column
GRANT SELECT (a) ON shop.star TO app;
--@ view: rule and its comment
CREATE RULE star_rule AS ON UPDATE TO shop.star DO INSTEAD NOTHING; COMMENT ON RULE star_rule ON shop.star IS 'no';
--@ view: with local check
ALTER VIEW shop.star SET (check_option = local);
--@ function: of everything
CREATE FUNCTION shop.all_of(INOUT a integer, b text DEFAULT 'x', VARIADIC c shop.address[] DEFAULT '{}') RETURNS integer
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER LEAKPROOF PARALLEL RESTRICTED COST 5
    SET search_path = '' SET "shop.setting" = 'a b' AS $f$ BEGIN RETURN; END $f$;
--@ function: setting of ours
ALTER FUNCTION shop.all_of SET "shop.setting" = 'a c';
--@ function: same name, other schema
CREATE FUNCTION other.all_of() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
--@ function: made again with another owner
DROP FUNCTION other.all_of(); SET ROLE boss; SET ROLE super; CREATE FUNCTION other.all_of() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; RESET ROLE;
--@ function: support
CREATE FUNCTION shop.support(internal) RETURNS internal LANGUAGE internal STRICT AS 'generate_series_int4_support'; ALTER FUNCTION shop.many(integer) SUPPORT shop.support;
--@ function: of a body that calls others
CREATE FUNCTION shop.calls() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM shop.plain);
--@ function: whose table is renamed
ALTER TABLE shop.quick RENAME TO quicker;
--@ grant: of a sequence of an identity
GRANT USAGE ON SEQUENCE shop.people_numbers TO app;
--@ grant: on all tables
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reader;
--@ grant: on all tables again [same]
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reader;
--@ grant: revoked from a role by one who is not the owner
GRANT SELECT ON shop.quicker TO app WITH GRANT OPTION; SET ROLE app; GRANT SELECT ON shop.quicker TO boss; RESET ROLE;
--@ grant: of a procedure to everybody, which is there [same]
GRANT EXECUTE ON FUNCTION shop.touch() TO PUBLIC;
--@ owner: given away and taken back [same]
ALTER TABLE shop.quicker OWNER TO super; ALTER TABLE shop.quicker OWNER TO CURRENT_USER;
--@ owner: of all
REASSIGN OWNED BY boss TO CURRENT_USER;
--@ trigger: dropped and made again, others first [same]
DROP TRIGGER orders_touch ON shop.orders; CREATE TRIGGER orders_touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch('a');
--@ index: of all kinds of columns
CREATE INDEX odd_idx ON shop.people USING btree (lower(name) COLLATE "C" text_pattern_ops DESC NULLS LAST, (born + 1) NULLS FIRST) INCLUDE (id) WITH (fillfactor = 60, deduplicate_items = off) WHERE born IS NOT NULL;
--@ index: gin with an operator class's option
CREATE INDEX gin_idx ON shop.people USING gist (name ext.gist_trgm_ops (siglen = 32));
--@ index: the same with another
DROP INDEX shop.gin_idx; CREATE INDEX gin_idx ON shop.people USING gist (name ext.gist_trgm_ops (siglen = 64));
--@ index: renamed away and back [same]
ALTER INDEX shop.gin_idx RENAME TO gin_idx_2; ALTER INDEX shop.gin_idx_2 RENAME TO gin_idx;
--@ domain: over an array, with two checks
CREATE DOMAIN shop.tags AS text[] DEFAULT '{}' CHECK (array_length(VALUE, 1) < 5) CONSTRAINT b CHECK (VALUE <> '{x}');
--@ publication: two tables, in another order [same]
CREATE PUBLICATION two FOR TABLE shop.people, shop.plain; DROP PUBLICATION two;
--@ publication: columns [15+]
ALTER PUBLICATION news SET TABLE shop.orders (id, made);
--@ publication: columns in another order [same] [15+]
ALTER PUBLICATION news SET TABLE shop.orders (made, id);
--@ statistics: of many kinds
CREATE STATISTICS shop.kinds (ndistinct, dependencies) ON a, b, d FROM shop.plain;

--@ tablespace: of a table
ALTER TABLE shop.plain SET TABLESPACE near;
--@ tablespace: of an index
ALTER INDEX shop.plain_a_idx SET TABLESPACE near;
--@ tablespace: of a constraint's index
ALTER INDEX shop.orders_pkey SET TABLESPACE near;
--@ tablespace: of a materialized view
ALTER MATERIALIZED VIEW shop.sales SET TABLESPACE near;
--@ tablespace: of a partitioned table
ALTER TABLE shop.hashed SET TABLESPACE near;
--@ tablespace: of a partitioned index
CREATE INDEX hashed_a ON ONLY shop.hashed (a) TABLESPACE near;
--@ tablespace: by default
ALTER TABLE shop.plain SET TABLESPACE pg_default;
--@ access method: of a partitioned table [18+]
CREATE ACCESS METHOD pile_2 TYPE TABLE HANDLER heap_tableam_handler; ALTER TABLE shop.hashed SET ACCESS METHOD pile_2;
--@ access method: of a materialized view [15+]
CREATE ACCESS METHOD pile_3 TYPE TABLE HANDLER heap_tableam_handler; ALTER MATERIALIZED VIEW shop.sales SET ACCESS METHOD pile_3;
--@ access method: of an index
CREATE ACCESS METHOD tree TYPE INDEX HANDLER bthandler;

--@ dependency: of a function
ALTER FUNCTION shop.touch() DEPENDS ON EXTENSION plpgsql;
--@ dependency: the same [same]
ALTER FUNCTION shop.touch() DEPENDS ON EXTENSION plpgsql;
--@ dependency: of a trigger
ALTER TRIGGER orders_touch ON shop.orders DEPENDS ON EXTENSION plpgsql;
--@ dependency: of an index
ALTER INDEX shop.odd_idx DEPENDS ON EXTENSION plpgsql;
--@ dependency: of a materialized view
ALTER MATERIALIZED VIEW shop.sales DEPENDS ON EXTENSION plpgsql;
--@ dependency: of a constraint's index
ALTER INDEX shop.orders_pkey DEPENDS ON EXTENSION plpgsql;
--@ dependency: of a procedure
CREATE PROCEDURE shop.later() LANGUAGE plpgsql AS 'BEGIN END'; ALTER PROCEDURE shop.later() DEPENDS ON EXTENSION plpgsql;
--@ dependency: of an aggregate, which pg_dump does not print [more]
ALTER ROUTINE shop.sum_of(integer) DEPENDS ON EXTENSION plpgsql;
--@ dependency: no longer of the function
ALTER FUNCTION shop.touch() NO DEPENDS ON EXTENSION plpgsql;
--@ dependency: no longer of the constraint's index
ALTER INDEX shop.orders_pkey NO DEPENDS ON EXTENSION plpgsql;
--@ grant: of a schema of an extension
CREATE SCHEMA held; ALTER EXTENSION pg_trgm ADD SCHEMA held; GRANT CREATE ON SCHEMA held TO "odd role";
--@ grant: of a schema of an extension revoked
REVOKE ALL ON SCHEMA held FROM "odd role";
--@ extension: a table in its schema
CREATE TABLE held.inside (a integer);
--@ partitioning: a check that a partition inherits
CREATE TABLE shop.checked (a integer CONSTRAINT positive CHECK (a > 0)) PARTITION BY RANGE (a); CREATE TABLE shop.checked_1 PARTITION OF shop.checked DEFAULT;
--@ comment: of an inherited check of a partition, which pg_dump does not print [more]
COMMENT ON CONSTRAINT positive ON shop.checked_1 IS 'x';

--@ temporary: nothing of it shows [same]
CREATE TEMPORARY TABLE mine (id serial PRIMARY KEY, a text DEFAULT 'x'); COMMENT ON TABLE mine IS 'mine'; GRANT SELECT ON mine TO app;
--@ temporary: hides a catalog [same]
CREATE TEMPORARY TABLE pg_class (oid oid, relname name);

--@ schema: public dropped, which pg_dump takes for granted [more]
DROP SCHEMA public;
--@ schema: public made again, by another
CREATE SCHEMA public AUTHORIZATION app;
