-- 014_add_embedding_model_to_chunks.sql
-- Vectors of two models cannot be compared, so a chunk says which one made its own.
-- In steps: document_chunks is the largest table. After an interruption the whole file can run again.
BEGIN;

-- 1. Nullable, and it stays so: which model made the vectors that are there is not known.
ALTER TABLE document_chunks ADD COLUMN IF NOT EXISTS embedding_model_id bigint;

COMMENT ON COLUMN document_chunks.embedding_model_id IS 'Model that computed embedding; NULL: none yet, or not known';

COMMIT;

-- 2. The foreign key's index, built while others write. What an earlier, failed build left goes first.
DROP INDEX CONCURRENTLY IF EXISTS document_chunks_embedding_model_id_idx;
CREATE INDEX CONCURRENTLY document_chunks_embedding_model_id_idx ON document_chunks (embedding_model_id);

BEGIN;

-- 3. New rows are held to it at once; it locks both tables, so it does nothing else.
ALTER TABLE document_chunks DROP CONSTRAINT IF EXISTS document_chunks_embedding_model_id_fkey;
ALTER TABLE document_chunks ADD CONSTRAINT document_chunks_embedding_model_id_fkey
    FOREIGN KEY (embedding_model_id) REFERENCES model_versions (id) NOT VALID;

COMMIT;

BEGIN;

-- 4. The long look at old rows, in a transaction of its own: reads and writes go on.
ALTER TABLE document_chunks VALIDATE CONSTRAINT document_chunks_embedding_model_id_fkey;

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE document_chunks DROP CONSTRAINT IF EXISTS document_chunks_embedding_model_id_fkey;
-- ALTER TABLE document_chunks DROP COLUMN IF EXISTS embedding_model_id;
-- COMMIT;
