-- 001_create_users.sql
-- The people who ask.
-- Their id is a uuid: it appears in addresses and exports, where a number would tell how many there are.
BEGIN;

CREATE TABLE IF NOT EXISTS users (
    id                uuid        CONSTRAINT users_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    email             text        NOT NULL,
    display_name      text        NOT NULL,
    password_hash     text,
    language          text        NOT NULL DEFAULT 'en',
    email_verified_at timestamptz,
    disabled_at       timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_shape CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND length(email) <= 254),
    CONSTRAINT users_display_name_length CHECK (length(display_name) BETWEEN 1 AND 200),
    CONSTRAINT users_language_tag CHECK (language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$')
);

-- One account for an address, however it is capitalised; queries look for lower(email).
CREATE UNIQUE INDEX IF NOT EXISTS users_email_key ON users (lower(email));

COMMENT ON TABLE users IS 'People with an account';
COMMENT ON COLUMN users.password_hash IS 'NULL: signs in through an identity provider';
COMMENT ON COLUMN users.language IS 'Language of the interface, as a BCP 47 tag of language, script and region: en, hi, zh-Hant-TW';
COMMENT ON COLUMN users.disabled_at IS 'Since when the account is locked; NULL: it is not';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS users;
-- COMMIT;
