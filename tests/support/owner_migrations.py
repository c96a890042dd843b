"""Two migrations. The second fails on the rows of the first whose owner is NULL."""

from __future__ import annotations

OWNER_IS_OPTIONAL = """
CREATE TABLE documents (id int PRIMARY KEY, owner_id int);
-- Rollback:
-- DROP TABLE documents;
"""
OWNER_IS_REQUIRED = """
BEGIN;
ALTER TABLE documents ALTER owner_id SET NOT NULL;
COMMIT;
-- Rollback:
-- BEGIN;
-- ALTER TABLE documents ALTER owner_id DROP NOT NULL;
-- COMMIT;
"""
