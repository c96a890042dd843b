-- 002_create_roles_and_permissions.sql
-- What a role may do.
-- Roles are few and stable, so the name is the key: rows that refer to one can be read without a join.
BEGIN;

CREATE TABLE IF NOT EXISTS roles (
    name        text        CONSTRAINT roles_pkey PRIMARY KEY,
    description text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT roles_name_shape CHECK (name ~ '^[a-z][a-z_]{0,62}$')
);

-- The primary key begins with role, so it serves the foreign key too. A role that still grants something cannot be deleted.
CREATE TABLE IF NOT EXISTS permissions (
    role       text        NOT NULL,
    action     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT permissions_pkey PRIMARY KEY (role, action),
    CONSTRAINT permissions_role_fkey FOREIGN KEY (role) REFERENCES roles (name) ON UPDATE CASCADE,
    CONSTRAINT permissions_action_shape CHECK (action ~ '^[a-z_]+:[a-z_]+$')
);

COMMENT ON TABLE roles IS 'Named sets of permissions; a user has one';
COMMENT ON TABLE permissions IS 'One row for each thing that a role allows; what is not here is forbidden';
COMMENT ON COLUMN permissions.action IS 'resource:verb, such as documents:upload';

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS permissions;
-- DROP TABLE IF EXISTS roles;
-- COMMIT;
