-- 003_seed_roles_and_permissions.sql
-- The four roles that the application knows.
-- Plain INSERTs: a role that is there already stops the file, so all these rows are its own.
BEGIN;

INSERT INTO roles (name, description) VALUES
    ('guest',  'Asks questions about public documents'),
    ('member', 'Asks questions, rates answers, uploads documents'),
    ('editor', 'Keeps the collection: changes and removes documents, runs scrape jobs'),
    ('admin',  'Manages people, settings and keys');

INSERT INTO permissions (role, action) VALUES
    ('guest',  'conversations:ask'),
    ('member', 'conversations:ask'),
    ('member', 'feedback:give'),
    ('member', 'documents:upload'),
    ('editor', 'conversations:ask'),
    ('editor', 'feedback:give'),
    ('editor', 'documents:upload'),
    ('editor', 'documents:change'),
    ('editor', 'documents:remove'),
    ('editor', 'scrape_jobs:run'),
    ('admin',  'conversations:ask'),
    ('admin',  'feedback:give'),
    ('admin',  'documents:upload'),
    ('admin',  'documents:change'),
    ('admin',  'documents:remove'),
    ('admin',  'scrape_jobs:run'),
    ('admin',  'users:manage'),
    ('admin',  'settings:change'),
    ('admin',  'api_keys:manage');

COMMIT;

-- Rollback:
-- BEGIN;
-- -- A permission that somebody added to one of these roles makes the second statement fail, and nothing is lost.
-- DELETE FROM permissions WHERE (role, action) IN (
--     ('guest',  'conversations:ask'),
--     ('member', 'conversations:ask'),
--     ('member', 'feedback:give'),
--     ('member', 'documents:upload'),
--     ('editor', 'conversations:ask'),
--     ('editor', 'feedback:give'),
--     ('editor', 'documents:upload'),
--     ('editor', 'documents:change'),
--     ('editor', 'documents:remove'),
--     ('editor', 'scrape_jobs:run'),
--     ('admin',  'conversations:ask'),
--     ('admin',  'feedback:give'),
--     ('admin',  'documents:upload'),
--     ('admin',  'documents:change'),
--     ('admin',  'documents:remove'),
--     ('admin',  'scrape_jobs:run'),
--     ('admin',  'users:manage'),
--     ('admin',  'settings:change'),
--     ('admin',  'api_keys:manage'));
-- DELETE FROM roles WHERE name IN ('guest', 'member', 'editor', 'admin');
-- COMMIT;
