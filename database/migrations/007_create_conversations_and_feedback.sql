-- 007_create_conversations_and_feedback.sql
-- Questions and answers, and what people thought of them.
-- Messages are always read together, so they are one value of their conversation.
BEGIN;

CREATE TABLE IF NOT EXISTS conversations (
    id          uuid        CONSTRAINT conversations_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id     uuid        NOT NULL,
    title       text,
    language    text        NOT NULL,
    messages    jsonb       NOT NULL DEFAULT '[]',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz,
    CONSTRAINT conversations_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT conversations_title_length CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT conversations_language_tag CHECK (language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
    CONSTRAINT conversations_messages_array CHECK (jsonb_typeof(messages) = 'array')
);

-- A person's conversations, the latest first; it serves the foreign key too.
CREATE INDEX IF NOT EXISTS conversations_user_id_updated_at_idx ON conversations (user_id, updated_at DESC);

CREATE TABLE IF NOT EXISTS feedback (
    id              bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT feedback_pkey PRIMARY KEY,
    conversation_id uuid        NOT NULL,
    user_id         uuid,
    message_index   integer     NOT NULL,
    rating          smallint    NOT NULL,
    comment         text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT feedback_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT feedback_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT feedback_once_key UNIQUE (conversation_id, message_index, user_id),
    CONSTRAINT feedback_message_index_from_zero CHECK (message_index >= 0),
    CONSTRAINT feedback_rating_sign CHECK (rating IN (-1, 1)),
    CONSTRAINT feedback_comment_length CHECK (length(comment) BETWEEN 1 AND 4000)
);

CREATE INDEX IF NOT EXISTS feedback_user_id_idx ON feedback (user_id);

COMMENT ON TABLE conversations IS 'Questions of one person and the answers, in order';
COMMENT ON COLUMN conversations.messages IS 'Array of {role, content, language, chunk_ids}; chunk_ids are the sources of an answer';
COMMENT ON TABLE feedback IS 'Ratings of single answers; they outlive the account that gave them';
COMMENT ON COLUMN feedback.message_index IS 'Place in conversations.messages, from 0';
COMMENT ON COLUMN feedback.rating IS '1: helpful, -1: not';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS feedback;
-- DROP TABLE IF EXISTS conversations;
-- COMMIT;
