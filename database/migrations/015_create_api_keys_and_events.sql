-- 015_create_api_keys_and_events.sql
-- Other programs join in: they call with a key, and read what has happened from an outbox.
BEGIN;

CREATE TABLE IF NOT EXISTS api_keys (
    id           uuid        CONSTRAINT api_keys_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id      uuid        NOT NULL,
    name         text        NOT NULL,
    prefix       text        NOT NULL,
    key_hash     bytea       NOT NULL,
    scopes       text[]      NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash),
    CONSTRAINT api_keys_name_length CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT api_keys_prefix_shape CHECK (prefix ~ '^[A-Za-z0-9_]{4,12}$'),
    CONSTRAINT api_keys_key_hash_sha256 CHECK (octet_length(key_hash) = 32),
    CONSTRAINT api_keys_scopes_given CHECK (array_position(scopes, NULL) IS NULL),
    CONSTRAINT api_keys_expire_later CHECK (expires_at > created_at),
    CONSTRAINT api_keys_revoked_later CHECK (revoked_at >= created_at)
);

-- A name can be given again once its key is revoked.
CREATE UNIQUE INDEX IF NOT EXISTS api_keys_user_id_name_key ON api_keys (user_id, name) WHERE revoked_at IS NULL;
-- The foreign key needs the revoked ones too.
CREATE INDEX IF NOT EXISTS api_keys_user_id_idx ON api_keys (user_id);

CREATE TABLE IF NOT EXISTS events (
    id           bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT events_pkey PRIMARY KEY,
    topic        text        NOT NULL,
    subject      text        NOT NULL,
    payload      jsonb       NOT NULL DEFAULT '{}',
    api_key_id   uuid,
    attempts     integer     NOT NULL DEFAULT 0,
    occurred_at  timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    CONSTRAINT events_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES api_keys (id) ON DELETE SET NULL,
    CONSTRAINT events_topic_shape CHECK (topic ~ '^[a-z_]+\.[a-z_]+$'),
    CONSTRAINT events_subject_given CHECK (subject <> ''),
    CONSTRAINT events_payload_object CHECK (jsonb_typeof(payload) = 'object'),
    CONSTRAINT events_attempts_from_zero CHECK (attempts >= 0)
);

CREATE INDEX IF NOT EXISTS events_api_key_id_idx ON events (api_key_id);
CREATE INDEX IF NOT EXISTS events_subject_idx ON events (subject, id);
-- What the publisher has still to send; nearly always empty.
CREATE INDEX IF NOT EXISTS events_unpublished_idx ON events (id) WHERE published_at IS NULL;

COMMENT ON TABLE api_keys IS 'Keys of programs that act for a user';
COMMENT ON COLUMN api_keys.prefix IS 'First characters of the key, shown so that people can tell theirs apart';
COMMENT ON COLUMN api_keys.key_hash IS 'SHA-256 of the key; the key itself is shown once and not stored';
COMMENT ON COLUMN api_keys.scopes IS 'Actions, as in permissions, that the key is limited to; empty: none';
COMMENT ON TABLE events IS 'Outbox: written in the transaction of the change, published afterwards at least once, in the order of id';
COMMENT ON COLUMN events.subject IS 'What it happened to: document/<id>, conversation/<id>';
COMMENT ON COLUMN events.api_key_id IS 'Key with which it was done; NULL: by a person or a job';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS events;
-- DROP TABLE IF EXISTS api_keys;
-- COMMIT;
