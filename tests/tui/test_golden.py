"""Golden tests of whole screens at two sizes. Review every change of a golden file."""

from __future__ import annotations

import psycopg
import pytest

from support.screen import Golden, Project

SIZES = [(80, 24), (120, 36)]

DOCUMENTS = """\
-- 001_create_documents.sql
-- What people ask about; one row is one file in one language.
BEGIN;

CREATE TABLE IF NOT EXISTS documents (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    language text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    title    text NOT NULL
);

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE IF EXISTS documents;
-- COMMIT;
"""
INDEX = """\
-- 002_index_documents_title.sql
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_title_idx ON documents (title);

-- Rollback:
-- DROP INDEX CONCURRENTLY IF EXISTS documents_title_idx;
"""
BROKEN = """\
-- 003_add_status.sql
BEGIN;
ALTER TABLE documents ADD COLUMN status text NOT NULL DEFAULT 'active';
ALTER TABLE dokuments ADD COLUMN reviewed boolean;
COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE documents DROP COLUMN IF EXISTS status;
-- COMMIT;
"""


@pytest.fixture
def documents(three_targets: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(three_targets.root)
    three_targets.write("001_create_documents.sql", DOCUMENTS)
    three_targets.write("002_index_documents_title.sql", INDEX)
    three_targets.write("003_add_status.sql", BROKEN)
    return three_targets


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_main_screens_match_golden(documents: Project, golden: Golden, size: tuple[int, int]) -> None:
    width = size[0]
    async with documents.open(size) as screen:
        await golden(screen, f"open_{width}")
        await screen.press("question_mark")
        await screen.expect_dialog()
        await golden(screen, f"help_{width}")
        await screen.press("escape", "A")
        await screen.expect_dialog()
        await golden(screen, f"confirm_{width}")
        await screen.yes()
        await screen.expect_run("failed")
        await screen.until("✗ failed")
        await golden(screen, f"error_{width}")


@pytest.mark.parametrize("size", [*SIZES, (200, 50)], ids=str)
async def test_palette_matches_golden(documents: Project, golden: Golden, size: tuple[int, int]) -> None:
    async with documents.open(size) as screen:
        await screen.press("n")
        await screen.until("Tables")
        await golden(screen, f"palette_list_{size[0]}")
        await screen.type("column")
        await screen.until("/ column")
        await golden(screen, f"palette_filter_{size[0]}")
        await screen.press("enter")
        await screen.pilot.pause()
        await golden(screen, f"palette_{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_form_of_a_finding_matches_golden(
    project: Project, golden: Golden, size: tuple[int, int]
) -> None:
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
        conn.execute("CREATE TABLE orders (id int PRIMARY KEY, owner int, owner_email text); ANALYZE")
    project.write(
        "001_find.sql",
        """
        BEGIN;
        SELECT 1;
        CREATE INDEX orders_owner_idx ON orders (ownr) WHERE id > 9;
        COMMIT;
        -- Rollback:
        -- DROP INDEX orders_owner_idx;
        """,
    )
    async with project.open(size) as screen:
        await screen.until(lambda: screen.main.preview.offered is not None)
        await screen.press("F")
        await screen.until("Names from local")
        await screen.press("enter")
        await golden(screen, f"palette_finding_{size[0]}")


@pytest.mark.parametrize("size", [*SIZES, (200, 50)], ids=str)
async def test_completed_names_match_golden(project: Project, golden: Golden, size: tuple[int, int]) -> None:
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
        conn.execute("CREATE TABLE documents (id bigint PRIMARY KEY, owner int NOT NULL, owner_email text)")
        conn.execute("CREATE TABLE document_versions (id int, body varchar(50)); ANALYZE")
    async with project.open(size) as screen:
        await screen.press("n")
        await screen.until("Tables")
        await screen.type("create_index")
        await screen.until("Names from local.")
        await screen.press("enter")
        await screen.type("docu")
        await golden(screen, f"palette_tables_{size[0]}")
        await screen.type("ments")
        await screen.press("enter")
        await screen.type("ownrx")
        await golden(screen, f"palette_columns_{size[0]}")
