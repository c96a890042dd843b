-- 004_add_role_to_users.sql
-- Every user gets one role: member with a verified address, guest without.
-- In steps, so that no lock on users outlasts a blink; after an interruption the whole file can run again.
BEGIN;

-- 1. Nullable, with a default for new rows only: instant.
ALTER TABLE users ADD COLUMN IF NOT EXISTS role text;
ALTER TABLE users ALTER COLUMN role SET DEFAULT 'guest';

COMMENT ON COLUMN users.role IS 'What the user may do: see permissions';

COMMIT;

BEGIN;

-- 2. The rows that were there. It locks them as any UPDATE does; with millions of users it would go in batches.
UPDATE users
SET role = CASE WHEN email_verified_at IS NULL THEN 'guest' ELSE 'member' END
WHERE role IS NULL;

COMMIT;

-- 3. The foreign key's index, built while others write. What an earlier, failed build left goes first.
DROP INDEX CONCURRENTLY IF EXISTS users_role_idx;
CREATE INDEX CONCURRENTLY users_role_idx ON users (role);

BEGIN;

-- 4. From here on new rows are held to both rules; old rows are not read yet.
ALTER TABLE users
    DROP CONSTRAINT IF EXISTS users_role_fkey,
    DROP CONSTRAINT IF EXISTS users_role_given;
ALTER TABLE users
    ADD CONSTRAINT users_role_fkey FOREIGN KEY (role) REFERENCES roles (name) ON UPDATE CASCADE NOT VALID,
    ADD CONSTRAINT users_role_given CHECK (role IS NOT NULL) NOT VALID;

COMMIT;

BEGIN;

-- 5. The long look at old rows, in a transaction of its own: reads and writes go on.
ALTER TABLE users VALIDATE CONSTRAINT users_role_fkey;
ALTER TABLE users VALIDATE CONSTRAINT users_role_given;

COMMIT;

BEGIN;

-- 6. The validated check lets SET NOT NULL skip its own scan; then it has done its work.
ALTER TABLE users ALTER COLUMN role SET NOT NULL;
ALTER TABLE users DROP CONSTRAINT users_role_given;

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE users DROP CONSTRAINT IF EXISTS users_role_fkey;
-- ALTER TABLE users DROP COLUMN IF EXISTS role;
-- COMMIT;
