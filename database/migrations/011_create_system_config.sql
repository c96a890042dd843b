-- 011_create_system_config.sql
-- Settings that are changed while the service runs: limits, switches, texts.
-- Each is looked up by name, so the name is the key.
BEGIN;

CREATE TABLE IF NOT EXISTS system_config (
    key         text        CONSTRAINT system_config_pkey PRIMARY KEY,
    value       jsonb       NOT NULL,
    description text        NOT NULL,
    updated_by  uuid,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT system_config_updated_by_fkey FOREIGN KEY (updated_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT system_config_key_shape CHECK (key ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$')
);

CREATE INDEX IF NOT EXISTS system_config_updated_by_idx ON system_config (updated_by);

CREATE TRIGGER system_config_set_updated_at
    BEFORE UPDATE ON system_config
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION set_updated_at();

COMMENT ON TABLE system_config IS 'Settings of the running service; never secrets';
COMMENT ON COLUMN system_config.key IS 'Dotted name, such as retrieval.top_k';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS system_config;
-- COMMIT;
