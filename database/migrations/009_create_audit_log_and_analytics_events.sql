-- 009_create_audit_log_and_analytics_events.sql
-- Two records that only grow: who changed what, and how the service is used.
-- Their keys are numbers in the order of arrival.
BEGIN;

CREATE TABLE IF NOT EXISTS audit_log (
    id          bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_log_pkey PRIMARY KEY,
    actor_id    uuid,
    actor       text        NOT NULL,
    action      text        NOT NULL,
    entity_type text        NOT NULL,
    entity_id   text        NOT NULL,
    before      jsonb,
    after       jsonb,
    ip_address  inet,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT audit_log_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT audit_log_actor_given CHECK (actor <> ''),
    CONSTRAINT audit_log_action_shape CHECK (action ~ '^[a-z_]+:[a-z_]+$'),
    CONSTRAINT audit_log_entity_type_shape CHECK (entity_type ~ '^[a-z][a-z_]*$')
);

CREATE INDEX IF NOT EXISTS audit_log_actor_id_idx ON audit_log (actor_id);
CREATE INDEX IF NOT EXISTS audit_log_entity_idx ON audit_log (entity_type, entity_id, occurred_at);
-- Rows arrive in the order of time: a BRIN index finds a period with a few pages of index.
CREATE INDEX IF NOT EXISTS audit_log_occurred_at_idx ON audit_log USING brin (occurred_at);

CREATE TABLE IF NOT EXISTS analytics_events (
    id              bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT analytics_events_pkey PRIMARY KEY,
    session_id      uuid,
    conversation_id uuid,
    name            text        NOT NULL,
    properties      jsonb       NOT NULL DEFAULT '{}',
    occurred_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT analytics_events_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE SET NULL,
    CONSTRAINT analytics_events_conversation_id_fkey
        FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE SET NULL,
    CONSTRAINT analytics_events_name_shape CHECK (name ~ '^[a-z][a-z_]*$'),
    CONSTRAINT analytics_events_properties_object CHECK (jsonb_typeof(properties) = 'object')
);

CREATE INDEX IF NOT EXISTS analytics_events_session_id_idx ON analytics_events (session_id);
CREATE INDEX IF NOT EXISTS analytics_events_conversation_id_idx ON analytics_events (conversation_id);
CREATE INDEX IF NOT EXISTS analytics_events_name_occurred_at_idx ON analytics_events (name, occurred_at);

COMMENT ON TABLE audit_log IS 'Who changed what; rows are never updated, except that actor_id is forgotten with its account';
COMMENT ON COLUMN audit_log.actor IS 'Name of the person or job as it was then';
COMMENT ON COLUMN audit_log.entity_id IS 'Key of the row that was changed, as text';
COMMENT ON TABLE analytics_events IS 'How the service is used; no questions, no answers, no addresses';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS analytics_events;
-- DROP TABLE IF EXISTS audit_log;
-- COMMIT;
