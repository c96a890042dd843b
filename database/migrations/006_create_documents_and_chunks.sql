-- 006_create_documents_and_chunks.sql
-- The collection: documents as people know them, cut into the chunks that a question is matched against.
BEGIN;

CREATE TABLE IF NOT EXISTS documents (
    id             uuid        CONSTRAINT documents_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    uploaded_by    uuid,
    title          text        NOT NULL,
    source_url     text,
    media_type     text        NOT NULL,
    language       text        NOT NULL DEFAULT 'und',
    content_sha256 bytea       NOT NULL,
    byte_size      bigint      NOT NULL,
    metadata       jsonb       NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT documents_uploaded_by_fkey FOREIGN KEY (uploaded_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT documents_content_sha256_key UNIQUE (content_sha256),
    CONSTRAINT documents_title_length CHECK (length(title) BETWEEN 1 AND 500),
    CONSTRAINT documents_source_url_shape CHECK (source_url ~ '^https?://[^[:space:]]+$'),
    CONSTRAINT documents_media_type_shape CHECK (media_type ~ '^[a-z]+/[a-z0-9.+-]+$'),
    CONSTRAINT documents_language_tag CHECK (language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
    CONSTRAINT documents_content_sha256_length CHECK (octet_length(content_sha256) = 32),
    CONSTRAINT documents_byte_size_positive CHECK (byte_size > 0),
    CONSTRAINT documents_metadata_object CHECK (jsonb_typeof(metadata) = 'object')
);

CREATE INDEX IF NOT EXISTS documents_uploaded_by_idx ON documents (uploaded_by);
CREATE INDEX IF NOT EXISTS documents_language_idx ON documents (language);

-- Chunks are many and never named outside, so a number is their key. UNIQUE begins with document_id: it serves the foreign key.
CREATE TABLE IF NOT EXISTS document_chunks (
    id            bigint   GENERATED ALWAYS AS IDENTITY CONSTRAINT document_chunks_pkey PRIMARY KEY,
    document_id   uuid     NOT NULL,
    ordinal       integer  NOT NULL,
    page_number   integer,
    content       text     NOT NULL,
    token_count   integer  NOT NULL,
    embedding     real[],
    search_vector tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', content)) STORED,
    CONSTRAINT document_chunks_document_id_fkey FOREIGN KEY (document_id) REFERENCES documents (id) ON DELETE CASCADE,
    CONSTRAINT document_chunks_document_id_ordinal_key UNIQUE (document_id, ordinal),
    CONSTRAINT document_chunks_ordinal_from_zero CHECK (ordinal >= 0),
    CONSTRAINT document_chunks_page_number_from_one CHECK (page_number >= 1),
    CONSTRAINT document_chunks_content_length CHECK (length(content) BETWEEN 1 AND 20000),
    CONSTRAINT document_chunks_token_count_positive CHECK (token_count > 0),
    CONSTRAINT document_chunks_embedding_vector
        CHECK (cardinality(embedding) > 0 AND array_ndims(embedding) = 1 AND array_position(embedding, NULL) IS NULL)
);

COMMENT ON TABLE documents IS 'What answers are drawn from';
COMMENT ON COLUMN documents.language IS 'BCP 47 tag of language, script and region; und: not determined yet';
COMMENT ON COLUMN documents.content_sha256 IS 'SHA-256 of the file as it came: the same file is stored once';
COMMENT ON TABLE document_chunks IS 'Passages of documents, in their order';
COMMENT ON COLUMN document_chunks.ordinal IS 'Place in the document, from 0';
COMMENT ON COLUMN document_chunks.embedding IS 'NULL: not computed yet';
COMMENT ON COLUMN document_chunks.search_vector IS 'Words as written: the simple configuration stems no language, so it is right for all';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS document_chunks;
-- DROP TABLE IF EXISTS documents;
-- COMMIT;
