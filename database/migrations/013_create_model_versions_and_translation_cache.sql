-- 013_create_model_versions_and_translation_cache.sql
-- The models, and what they have translated: a translation is kept as long as we know what made it.
BEGIN;

CREATE TABLE IF NOT EXISTS model_versions (
    id                   bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT model_versions_pkey PRIMARY KEY,
    purpose              text        NOT NULL,
    provider             text        NOT NULL,
    name                 text        NOT NULL,
    version              text        NOT NULL,
    embedding_dimensions integer,
    is_default           boolean     NOT NULL DEFAULT false,
    created_at           timestamptz NOT NULL DEFAULT now(),
    retired_at           timestamptz,
    CONSTRAINT model_versions_identity_key UNIQUE (provider, name, version, purpose),
    CONSTRAINT model_versions_purpose_known CHECK (purpose IN ('answer', 'embed', 'translate')),
    CONSTRAINT model_versions_embedding_dimensions_positive CHECK (embedding_dimensions > 0),
    CONSTRAINT model_versions_dimensions_of_embedders CHECK ((purpose = 'embed') = (embedding_dimensions IS NOT NULL)),
    CONSTRAINT model_versions_default_in_use CHECK (NOT is_default OR retired_at IS NULL)
);

-- At most one default for each purpose.
CREATE UNIQUE INDEX IF NOT EXISTS model_versions_default_key ON model_versions (purpose) WHERE is_default;

CREATE TABLE IF NOT EXISTS translation_cache (
    source_sha256    bytea       NOT NULL,
    source_language  text        NOT NULL,
    target_language  text        NOT NULL,
    model_version_id bigint      NOT NULL,
    translation      text        NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    last_used_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT translation_cache_pkey PRIMARY KEY (source_sha256, source_language, target_language, model_version_id),
    CONSTRAINT translation_cache_model_version_id_fkey
        FOREIGN KEY (model_version_id) REFERENCES model_versions (id) ON DELETE CASCADE,
    CONSTRAINT translation_cache_source_sha256_length CHECK (octet_length(source_sha256) = 32),
    CONSTRAINT translation_cache_source_language_tag
        CHECK (source_language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
    CONSTRAINT translation_cache_target_language_tag
        CHECK (target_language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
    CONSTRAINT translation_cache_languages_differ CHECK (source_language <> target_language)
);

CREATE INDEX IF NOT EXISTS translation_cache_model_version_id_idx ON translation_cache (model_version_id);
-- For the job that forgets what nobody asks for any more.
CREATE INDEX IF NOT EXISTS translation_cache_last_used_at_idx ON translation_cache (last_used_at);

COMMENT ON TABLE model_versions IS 'Language models that the service uses or has used';
COMMENT ON COLUMN model_versions.is_default IS 'Used when nothing else is asked for; one for each purpose';
COMMENT ON TABLE translation_cache IS 'Translations of questions and passages; losing it costs money, not knowledge';
COMMENT ON COLUMN translation_cache.source_sha256 IS 'SHA-256 of the text in UTF-8; the text itself is not needed to find it';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS translation_cache;
-- DROP TABLE IF EXISTS model_versions;
-- COMMIT;
