-- 010_index_chunks_for_search.sql
-- Search by words reads every chunk, and the collection has outgrown that.
-- Built while others write, so it cannot be in a transaction.

-- A build that failed leaves an INVALID index, which IF NOT EXISTS would take for a good one: it goes first.
DROP INDEX CONCURRENTLY IF EXISTS document_chunks_search_vector_idx;

CREATE INDEX CONCURRENTLY document_chunks_search_vector_idx ON document_chunks USING gin (search_vector);

-- Rollback:
-- DROP INDEX CONCURRENTLY IF EXISTS document_chunks_search_vector_idx;
