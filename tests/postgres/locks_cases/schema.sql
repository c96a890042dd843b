-- Schema for the statements of statements.txt. Their effects must be the same with rows (fill.sql) and without.
CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN code AS text;
CREATE TYPE address AS (street text, town text);

CREATE TABLE accounts (
    id integer PRIMARY KEY,
    email varchar(100) NOT NULL UNIQUE,
    name varchar(50),
    nick text COLLATE "C",
    balance numeric(10, 2) NOT NULL DEFAULT 0,
    joined timestamp,
    CONSTRAINT accounts_name_set CHECK (name IS NOT NULL)
);
CREATE TABLE documents (
    id integer PRIMARY KEY,
    account_id integer REFERENCES accounts,
    parent_id integer,
    slug text,
    title varchar(50),
    body text,
    pages integer,
    price numeric(10, 2),
    ip cidr,
    made timestamp,
    size positive,
    label code,
    home address,
    mood mood DEFAULT 'calm',
    meta json
);
CREATE INDEX documents_title ON documents (title);
CREATE INDEX documents_pages ON documents (pages) WHERE pages > 3;
CREATE INDEX documents_lower ON documents (lower(title));
CREATE UNIQUE INDEX documents_slug ON documents (slug);
ALTER TABLE documents ADD CONSTRAINT documents_pages_positive CHECK (pages > 0) NOT VALID;
ALTER TABLE documents ADD CONSTRAINT documents_parent FOREIGN KEY (parent_id) REFERENCES documents NOT VALID;
CREATE STATISTICS documents_stats ON account_id, pages FROM documents;

CREATE TABLE notes (id integer NOT NULL, document_id integer REFERENCES documents ON DELETE CASCADE, text text);
CREATE INDEX notes_document ON notes (document_id);
CREATE UNIQUE INDEX notes_id ON notes (id);
CREATE TABLE plain (id integer, label text COLLATE "C", extra text);
CREATE INDEX plain_label ON plain (label);
CREATE TABLE bare (id integer, note text);
CREATE UNLOGGED TABLE cache (id integer PRIMARY KEY, value text);
CREATE TABLE bookings (id integer PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&));
CREATE TABLE clustered (id integer PRIMARY KEY, town text);
CREATE INDEX clustered_town ON clustered (town);
CLUSTER clustered USING clustered_town;

CREATE TABLE things (id integer, name text);
CREATE TABLE tools (weight integer) INHERITS (things);

CREATE TABLE events (id integer NOT NULL, happened date NOT NULL, what text) PARTITION BY RANGE (happened);
CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE events_2021 PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE events_other PARTITION OF events DEFAULT;
CREATE INDEX events_id ON events (id);
CREATE TABLE events_2022 (
    id integer NOT NULL, happened date NOT NULL, what text,
    CHECK (happened >= '2022-01-01' AND happened < '2023-01-01')
);
CREATE TABLE logs (id integer NOT NULL, kind text NOT NULL) PARTITION BY LIST (kind);
CREATE TABLE logs_a PARTITION OF logs FOR VALUES IN ('a');
CREATE TABLE logs_b PARTITION OF logs FOR VALUES IN ('b');
CREATE TABLE logs_c (id integer NOT NULL, kind text NOT NULL);

CREATE VIEW titles AS SELECT slug FROM documents;
CREATE MATERIALIZED VIEW totals AS SELECT account_id, count(*) AS n FROM documents GROUP BY account_id;
CREATE UNIQUE INDEX totals_account ON totals (account_id);
CREATE SEQUENCE numbers;
CREATE SCHEMA archive;

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER documents_touch BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION add_note() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'ALTER TABLE bare ADD COLUMN hidden integer';
END $$;
CREATE PROCEDURE in_steps() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bare SET note = 'seen';
    COMMIT;
    ALTER TABLE plain ADD COLUMN stepped integer;
    COMMIT;
END $$;
CREATE RULE bare_kept AS ON DELETE TO bare DO INSTEAD NOTHING;
CREATE POLICY bare_own ON bare USING (id > 0);
CREATE PUBLICATION news FOR TABLE things;
