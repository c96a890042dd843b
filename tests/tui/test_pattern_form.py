"""The form of a pattern reads the names of the target: completions, advice, sizes, definitions."""

from __future__ import annotations

import psycopg
import pytest
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.patterns.pattern import load
from koonj.runner.rehearse.rehearsed_names import NamesCache
from koonj.tui.screens.pattern_palette import PatternPalette
from koonj.tui.widgets import form_field
from koonj.tui.widgets.completion_list import CompletionList
from koonj.tui.widgets.form_field import FieldRow
from koonj.tui.widgets.pattern_list import PatternList
from support.screen import Project, Screen

TITLES = {pattern.key: pattern.title for pattern in load()[0]}
SCHEMA = (
    r"""
CREATE TABLE documents (id bigint PRIMARY KEY, owner bigint, owner_email text);
CREATE TABLE users (id int PRIMARY KEY, email varchar(50));
CREATE INDEX documents_owner_idx ON documents (owner);
CREATE TABLE "[red]x" ("a]b" int);
CREATE TABLE "esc"""
    + "\x1b"
    + r"""[2J" (id int);
INSERT INTO documents SELECT n FROM generate_series(1, 1500) AS n;
ANALYZE documents;
"""
)


@pytest.fixture
def filled(project: Project) -> Project:
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
        conn.execute(SCHEMA)
    return project


async def open_form(screen: Screen, key: str) -> PatternPalette:
    """Open the form of a pattern, with the focus in its first field and the names read."""
    await screen.press("n")
    await screen.until(lambda: isinstance(screen.app.screen, PatternPalette))
    palette = screen.app.screen
    assert isinstance(palette, PatternPalette)
    found = palette.query_one(PatternList)
    await screen.until(lambda: bool(found.found))
    found.cursor = [one.key for one in found.found].index(key)
    await screen.until(lambda: f"─ {TITLES[key]}" in screen.text() and bool(palette.rows))
    await screen.until(lambda: palette.form.names.is_read or palette._reading is None)
    await screen.press("enter")
    await screen.until(lambda: isinstance(screen.app.focused, Input))
    return palette


def row(palette: PatternPalette, name: str) -> FieldRow:
    return next(one for one in palette.rows if one.field.name == name)


async def test_names_are_completed_with_tab_and_down(filled: Project) -> None:
    async with filled.open((120, 36)) as screen:
        palette = await open_form(screen, "create_index")
        assert "Names from local." in screen.text()
        await screen.type("doc")
        await screen.until(
            lambda: any("documents" in line and "1,500 rows" in line for line in screen.lines())
        )
        await screen.press("tab")
        await screen.until(lambda: row(palette, "table").value == "documents")
        assert row(palette, "table").has_focus_within, "Tab takes the name and stays in the field"
        await screen.until(lambda: not row(palette, "table").offers)
        await screen.until("documents: ")  # the size in the head
        await screen.press("tab")
        await screen.until(lambda: row(palette, "columns").has_focus_within)
        await screen.type("own")
        await screen.until("owner_email")
        await screen.press("down", "down")
        await screen.until(lambda: row(palette, "columns").value == "owner_email")
        await screen.press("up")
        await screen.until(lambda: row(palette, "columns").value == "owner")
        await screen.press("up")
        await screen.until(lambda: row(palette, "columns").value == "own")


async def test_enter_goes_to_the_next_field_and_takes_nothing(filled: Project) -> None:
    async with filled.open((80, 24)) as screen:
        palette = await open_form(screen, "create_index")
        await screen.type("doc")
        await screen.until(lambda: row(palette, "table").offers)
        await screen.press("enter")
        await screen.until(lambda: not row(palette, "table").has_focus_within)
        assert row(palette, "table").value == "doc"
        assert not row(palette, "table").offers


async def test_what_does_not_fit_is_said_at_once_but_can_be_written(filled: Project) -> None:
    async with filled.open((120, 36)) as screen:
        await open_form(screen, "add_column")
        await screen.type("documnts")
        await screen.press("enter")
        await screen.until("! No table documnts. Similar: documents.")
        await screen.press(*"status", "enter", "enter", *"0", "enter", "enter", "enter")
        await screen.until(lambda: screen.app.screen is screen.main)
    assert (filled.migrations / "001_add_status_to_documnts.sql").exists()


async def test_nothing_is_advised_while_the_name_can_become_one_that_is_there(filled: Project) -> None:
    async with filled.open((80, 24)) as screen:
        palette = await open_form(screen, "create_index")
        field = row(palette, "table")
        advised = field.query_one(".advice")
        await screen.type("Docu")
        await screen.until(lambda: field.offers and palette.form._now.advice != {})
        assert not advised.display
        await screen.type("z")
        await screen.until("! No table Docuz.")
        await screen.press("backspace")
        await screen.until(lambda: not advised.display)
        await screen.press("enter")
        await screen.until("! No table Docu.")


async def test_advice_stands_above_the_completions_in_one_line(filled: Project) -> None:
    async with filled.open((80, 24)) as screen:
        palette = await open_form(screen, "create_index")
        await screen.type("documnts")
        await screen.until("! No table documnts.")
        field = row(palette, "table")
        assert field.offers
        told, names = field.query_one(".advice"), field.query_one(CompletionList)
        await screen.until(lambda: told.region.bottom == names.region.y and told.size.height == 1)
        await screen.press("tab")
        await screen.until(lambda: field.value == "documents" and not told.display)


async def test_definition_is_filled_in_until_the_user_types_there(filled: Project) -> None:
    async with filled.open((120, 36)) as screen:
        palette = await open_form(screen, "drop_index")
        await screen.type("documents_owner_idx")
        await screen.until(lambda: row(palette, "definition").value == "USING btree (owner)")
        assert row(palette, "table").value == "documents"
        row(palette, "definition").query_one(Input).value = "USING hash (owner)"
        await screen.pilot.pause()
        row(palette, "index").query_one(Input).value = "users_pkey"
        await screen.until(lambda: row(palette, "table").value == "users")
        assert row(palette, "unique").value == "yes"
        assert row(palette, "definition").value == "USING hash (owner)"


async def test_hostile_names_are_shown_as_they_are_or_not_at_all(filled: Project) -> None:
    async with filled.open((120, 36)) as screen:
        palette = await open_form(screen, "add_column")
        await screen.until(lambda: row(palette, "table").offers)
        assert "[red]x" in screen.text()
        assert "esc" not in [line.split()[0] for line in screen.lines() if line.split()]
        await screen.type("red")
        await screen.press("tab")
        await screen.until(lambda: row(palette, "table").value == "[red]x")
        await screen.until("[red]x: ")


async def test_pending_migrations_are_named(filled: Project) -> None:
    filled.table(1)
    filled.table(2)
    async with filled.open((120, 36)) as screen:
        await open_form(screen, "create_index")
        await screen.until("Names from local, without what 2 pending files would create.")


async def test_form_works_when_the_target_cannot_be_read(tmp_path: object, project: Project) -> None:
    away = Target("away", "host=127.0.0.1 port=1 dbname=none connect_timeout=2")
    async with Project(project.root, away).open((120, 36)) as screen:
        palette = await open_form(screen, "create_index")
        await screen.until("No names: away cannot be read.")
        await screen.type("documents")
        assert not row(palette, "table").offers
        await screen.until("ON documents")


PENDING = """
    -- 001_orders.sql
    BEGIN;
    CREATE TABLE orders (id int PRIMARY KEY);
    ALTER TABLE users ADD COLUMN phone text;
    COMMIT;
    -- Rollback:
    -- BEGIN;
    -- ALTER TABLE users DROP COLUMN phone;
    -- DROP TABLE orders;
    -- COMMIT;
"""
LATER = """
    -- 002_rename.sql
    BEGIN;
    ALTER TABLE orders ADD COLUMN owner int;
    ALTER TABLE documents RENAME TO papers;
    COMMIT;
    -- Rollback:
    -- BEGIN;
    -- ALTER TABLE papers RENAME TO documents;
    -- ALTER TABLE orders DROP COLUMN owner;
    -- COMMIT;
"""
BASE = """
    -- 000_base.sql
    BEGIN;
    CREATE TABLE documents (id bigint PRIMARY KEY, owner bigint, owner_email text);
    CREATE TABLE users (id int PRIMARY KEY, email varchar(50));
    COMMIT;
    -- Rollback:
    -- BEGIN;
    -- DROP TABLE users;
    -- DROP TABLE documents;
    -- COMMIT;
"""


async def rehearsed(screen: Screen, project: Project, count: int) -> None:
    """Wait until the names after `count` files, which are all, are kept."""
    files = FolderReader(project.migrations).read().migrations
    assert len(files) == count
    await screen.until(lambda: NamesCache.of_user().has(files))


async def test_names_of_pending_files_are_those_of_the_rehearsal(filled: Project) -> None:
    filled.write("000_base.sql", BASE)
    filled.write("001_orders.sql", PENDING)
    filled.write("002_rename.sql", LATER)
    with psycopg.connect(filled.targets[0].dsn, autocommit=True) as conn:
        conn.execute("CREATE TABLE by_hand (id int)")
    async with filled.open((120, 36), rehearses=True) as screen:
        await rehearsed(screen, filled, 3)
        palette = await open_form(screen, "create_index")
        assert "Names from local and 3 pending files, as rehearsed." in screen.text()
        await screen.type("orders")
        await screen.until("orders: pending 001")
        row(palette, "table").query_one(Input).value = "users"
        await screen.until("users: size not known")
        await screen.press("enter")
        await screen.until(
            lambda: any("phone" in one and "text, pending 001" in one for one in screen.lines())
        )
        row(palette, "table").query_one(Input).value = "papers"
        await screen.until("papers: pending 002")
        row(palette, "table").query_one(Input).value = "documents"
        await screen.until("! Pending files drop or rename documents.")
        row(palette, "table").query_one(Input).value = "by_hand"
        await screen.until("by_hand: ")
    filled.write("003_more.sql", PENDING.replace("orders", "more").replace("phone", "mail"))
    async with filled.open((120, 36)) as screen:
        await open_form(screen, "create_index")
        await screen.until("Names from local, without what 4 pending files would create.")


async def test_names_of_the_files_are_there_when_the_target_cannot_be_read(project: Project) -> None:
    project.write("000_base.sql", BASE.replace("documents", "letters"))
    async with project.open((120, 36), rehearses=True) as screen:
        await rehearsed(screen, project, 1)
    project.write("001_orders.sql", PENDING)
    away = Target("away", "host=127.0.0.1 port=1 dbname=none connect_timeout=2")
    async with Project(project.root, away).open((120, 36)) as screen:
        palette = await open_form(screen, "create_index")
        await screen.until("away cannot be read. Names from the first 1 of 2 files, as rehearsed.")
        await screen.type("let")
        await screen.until(lambda: row(palette, "table").offers)
        await screen.press("tab")
        await screen.until(lambda: row(palette, "table").value == "letters")


async def test_nothing_is_read_in_a_folder_that_is_not_trusted(filled: Project) -> None:
    filled.trusted = False
    async with filled.open((120, 36), answered=False) as screen:
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)
        palette = await open_form(screen, "create_index")
        assert palette.form.names.catalog is None
        assert "Names from" not in screen.text()


async def test_written_files_are_checked_and_rehearsed_at_once(filled: Project) -> None:
    filled.write(
        "001_make.sql",
        """
        -- 001_make.sql
        BEGIN;
        CREATE TABLE users (id int PRIMARY KEY);
        COMMIT;
        -- Rollback:
        -- BEGIN;
        -- DROP TABLE users;
        -- COMMIT;
        """,
    )
    async with filled.open((120, 36), rehearses=True) as screen:
        await open_form(screen, "add_column")
        await screen.type("users")
        await screen.press("enter", *"age", "enter", *"int", "enter", *"0", "enter", "enter", "enter")
        await screen.until(lambda: screen.app.screen is screen.main)
        await screen.until(lambda: screen.main.selected is not None and screen.main.selected.number == 2)
        await screen.until(lambda: "verified" in screen.row("002"))


async def test_form_that_is_closed_before_its_entries_are_there_is_no_defect(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unmounted(Horizontal):
        async def mount_composed_widgets(self, widgets: list[Widget]) -> None:
            """Mount nothing, as Textual does if the form is closed in this moment."""

    monkeypatch.setattr(form_field, "Horizontal", Unmounted)
    async with project.open() as screen:
        await screen.press("n")
        await screen.until("Tables")
        await screen.until(lambda: bool(screen.app.screen.query(".note")))
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)
