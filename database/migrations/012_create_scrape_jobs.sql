-- 012_create_scrape_jobs.sql
-- Documents from the web: a queue of pages to fetch. Workers take the next with FOR UPDATE SKIP LOCKED.
BEGIN;

CREATE TABLE IF NOT EXISTS scrape_jobs (
    id           bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT scrape_jobs_pkey PRIMARY KEY,
    url          text        NOT NULL,
    status       text        NOT NULL DEFAULT 'queued',
    priority     smallint    NOT NULL DEFAULT 0,
    attempts     smallint    NOT NULL DEFAULT 0,
    requested_by uuid,
    document_id  uuid,
    error        text,
    run_after    timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    finished_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT scrape_jobs_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT scrape_jobs_document_id_fkey FOREIGN KEY (document_id) REFERENCES documents (id) ON DELETE SET NULL,
    CONSTRAINT scrape_jobs_url_shape CHECK (url ~ '^https?://[^[:space:]]+$' AND length(url) <= 2000),
    CONSTRAINT scrape_jobs_status_known CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT scrape_jobs_attempts_limit CHECK (attempts BETWEEN 0 AND 10),
    CONSTRAINT scrape_jobs_running_since CHECK (status <> 'running' OR started_at IS NOT NULL),
    CONSTRAINT scrape_jobs_finished_with_end
        CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT scrape_jobs_failed_with_error CHECK (status <> 'failed' OR error IS NOT NULL)
);

-- A page is fetched by one worker at a time.
CREATE UNIQUE INDEX IF NOT EXISTS scrape_jobs_url_open_key ON scrape_jobs (url) WHERE status IN ('queued', 'running');
-- The next job: only what waits is in the index, in the order in which it is taken.
CREATE INDEX IF NOT EXISTS scrape_jobs_queue_idx ON scrape_jobs (priority DESC, run_after, id) WHERE status = 'queued';
CREATE INDEX IF NOT EXISTS scrape_jobs_requested_by_idx ON scrape_jobs (requested_by);
CREATE INDEX IF NOT EXISTS scrape_jobs_document_id_idx ON scrape_jobs (document_id);

CREATE TRIGGER scrape_jobs_set_updated_at
    BEFORE UPDATE ON scrape_jobs
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION set_updated_at();

COMMENT ON TABLE scrape_jobs IS 'Queue of web pages to fetch, and what became of them';
COMMENT ON COLUMN scrape_jobs.document_id IS 'What a job that succeeded has made';
COMMENT ON COLUMN scrape_jobs.run_after IS 'Not before; a retry moves it into the future';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS scrape_jobs;
-- COMMIT;
