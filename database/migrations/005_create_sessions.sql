-- 005_create_sessions.sql
-- Signed-in browsers.
-- Only the hash of a session's token is stored: who reads this table cannot become somebody else.
BEGIN;

CREATE TABLE IF NOT EXISTS sessions (
    id         uuid        CONSTRAINT sessions_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid        NOT NULL,
    token_hash bytea       NOT NULL,
    ip_address inet,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT sessions_token_hash_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT sessions_user_agent_length CHECK (length(user_agent) <= 1000),
    CONSTRAINT sessions_expire_later CHECK (expires_at > created_at),
    CONSTRAINT sessions_revoked_later CHECK (revoked_at >= created_at)
);

CREATE INDEX IF NOT EXISTS sessions_user_id_idx ON sessions (user_id);
-- For the job that deletes what has expired.
CREATE INDEX IF NOT EXISTS sessions_expires_at_idx ON sessions (expires_at);

COMMENT ON TABLE sessions IS 'Signed-in browsers';
COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the token in the cookie';
COMMENT ON COLUMN sessions.revoked_at IS 'Signed out, or thrown out; NULL: in force until expires_at';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS sessions;
-- COMMIT;
