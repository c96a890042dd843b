"""The drift screen: differences, definitions of both sides, cancel and close."""

from __future__ import annotations

from typing import Any

import pytest

from koonj.postgres.catalog.catalog import Difference, ObjectName
from koonj.runner.drift.report import DriftReport
from koonj.runner.run.codec import to_plain
from koonj.tui.screens.drift import DriftScreen
from koonj.tui.toolkit.capabilities import Terminal
from support.looks import look_of
from support.recorded_rehearsals import AT, RecordedRehearsals
from support.screen import Project, Screen

INDEX = Difference(
    "index",
    "public.documents_title_idx",
    None,
    "CREATE INDEX documents_title_idx ON public.documents USING btree (title);",
)
DEFAULT = Difference(
    "column",
    "public.documents.language",
    "ALTER TABLE public.documents ADD COLUMN language text NOT NULL;",
    "ALTER TABLE public.documents ADD COLUMN language text DEFAULT 'en'::text NOT NULL;",
)
COMMENT = Difference(
    "comment", "TABLE public.documents", "COMMENT ON TABLE public.documents IS 'One file';", None
)
COMPLAINT = '{"error": {"message": "No scratch.", "hint": "Get one."}}'


def drift(*differences: Difference, notes: tuple[str, ...] = ()) -> dict[str, Any]:
    found = DriftReport(
        target="local",
        server="PostgreSQL 18.6",
        scratch="PostgreSQL 18.6 (embedded)",
        differences=differences,
        notes=notes,
        at=AT,
        migrations=3,
        objects=41,
    )
    return {"drift": to_plain(found)}


@pytest.fixture
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordedRehearsals:
    made = RecordedRehearsals(tmp_path_factory.mktemp("recorded"))
    made.set_drift(drift(INDEX, DEFAULT, COMMENT, notes=("003_add_status.sql has no file.",)))
    return made


def is_open(screen: Screen) -> bool:
    return isinstance(screen.app.screen, DriftScreen)


async def opened(screen: Screen) -> None:
    await screen.press("D")
    await screen.until(lambda: is_open(screen))


async def compared(screen: Screen) -> DriftScreen:
    """Open the screen, wait for its differences, and return it."""
    await opened(screen)
    await screen.until("+ 1 only on the target")
    assert isinstance(screen.app.screen, DriftScreen)
    return screen.app.screen


async def test_screen_shows_which_side_has_each_object(
    project: Project, recorded: RecordedRehearsals
) -> None:
    async with project.open((120, 30), program=recorded.program) as screen:
        await compared(screen)
        text = screen.text()
        assert "- 1 only in the files" in text
        assert "~ 1 differ" in text
        assert "► local" in text
        assert "PostgreSQL 18.6" in text
        assert "+ index   public.documents_title_idx" in text
        assert "~ column  public.documents.language" in text
        assert "- comment TABLE public.documents" in text
        assert "index public.documents_title_idx: exists only on the target" in text
        assert "! 003_add_status.sql has no file." in text


async def test_selected_object_shows_both_definitions(project: Project, recorded: RecordedRehearsals) -> None:
    async with project.open((140, 30), program=recorded.program) as screen:
        await opened(screen)
        await screen.until("+ CREATE INDEX documents_title_idx ON public.documents")
        await screen.press("j")
        await screen.until("column public.documents.language: + DEFAULT 'en'::text")
        assert "- ALTER TABLE public.documents ADD COLUMN language text NOT NULL;" in screen.text()
        assert "+ ALTER TABLE public.documents ADD COLUMN language text DEFAULT" in screen.text()
        await screen.press("G")
        await screen.until("- COMMENT ON TABLE public.documents IS 'One file';")


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_both_sides_of_a_definition_have_tints(
    project: Project, recorded: RecordedRehearsals, theme: str
) -> None:
    async with project.open((140, 30), Terminal(theme=theme), program=recorded.program) as screen:
        await opened(screen)
        await screen.press("j")
        await screen.until("ADD COLUMN language text NOT NULL")
        for words, ground in (("language text NOT NULL", "error-tint"), ("language text DEFAULT", "ok-tint")):
            row = next(n for n, line in enumerate(screen.lines()) if words in line)
            assert look_of(screen.app, words, row)[1] == ground


async def test_table_counts_once_and_includes_its_columns(
    project: Project, recorded: RecordedRehearsals
) -> None:
    table = ObjectName("table", "public.notes")
    column = ObjectName("column", "public.notes.id")
    recorded.set_drift(
        drift(
            Difference("table", "public.notes", None, "CREATE TABLE public.notes ();"),
            Difference(
                "column", "public.notes.id", None, "ALTER TABLE public.notes ADD id int;", parent=table
            ),
            Difference("comment", "on column public.notes.id", None, "Its number", parent=column),
            Difference("owner", "of table public.notes", None, "ada", parent=table),
        )
    )
    async with project.open((140, 30), program=recorded.program) as screen:
        await compared(screen)
        assert "1 of 1" in screen.text()
        for line in (
            "+ CREATE TABLE public.notes ();",
            "+ ALTER TABLE public.notes ADD id int;",
            "+ comment on column public.notes.id: Its number",
            "+ owner of table public.notes: ada",
        ):
            assert line in screen.text()


async def test_definition_is_below_and_wrapped_when_80_columns_wide(
    project: Project, recorded: RecordedRehearsals
) -> None:
    async with project.open((80, 24), program=recorded.program) as screen:
        await opened(screen)
        await screen.until("+ only target index   public.documents_title_idx")
        assert "- only files  comment TABLE public.documents" in screen.text()
        await screen.press("j")
        await screen.until("DEFAULT 'en'::text")
        assert " NOT NULL;" in screen.text()
        await screen.press("tab", "j", "tab", "k")
        await screen.until("+ CREATE INDEX")


async def test_screen_says_so_when_there_is_no_drift(project: Project, recorded: RecordedRehearsals) -> None:
    recorded.set_drift(drift())
    async with project.open((80, 24), program=recorded.program) as screen:
        await opened(screen)
        await screen.until("✓ no drift   41 objects of 3 migrations compared")
        assert "No drift: the target's schema matches its applied migrations." in screen.text()
        found = screen.app.screen
        assert isinstance(found, DriftScreen)
        await screen.press("slash")
        assert not found.search_bar.is_open, "there is nothing to search"
        await screen.press("tab")
        assert found.objects.has_focus, "there is no other pane"


async def test_screen_shows_elapsed_time_and_c_cancels(
    project: Project, recorded: RecordedRehearsals
) -> None:
    recorded.pause_at("drift")
    async with project.open((100, 30), program=recorded.program) as screen:
        await opened(screen)
        await screen.until("comparing  0:01")
        await screen.press("c")
        await screen.until("Cancelled. It is unknown whether the target has drifted.")
        await screen.until(lambda: recorded.terminated_calls == 1)
        recorded.resume("drift")
        await screen.press("R")
        await screen.until("+ 1 only on the target")


@pytest.mark.parametrize("key", ["escape", "q", "D", "ctrl+q"])
async def test_closing_ends_the_comparison(project: Project, recorded: RecordedRehearsals, key: str) -> None:
    recorded.pause_at("drift")
    async with project.open((100, 30), program=recorded.program) as screen:
        await opened(screen)
        await screen.until(lambda: bool(recorded.calls))
        await screen.press(key)
        await screen.until(lambda: screen.app.screen is screen.main)
        await screen.until(lambda: not screen.app.screen.workers or not is_open(screen))


async def test_screen_shows_why_the_comparison_failed(project: Project) -> None:
    async with project.open((100, 30), program=("sh", "-c", f"echo '{COMPLAINT}'")) as screen:
        await opened(screen)
        await screen.until("koonj could not compare: No scratch. Get one.")
    async with project.open((100, 30), program=("true",)) as screen:
        await opened(screen)
        await screen.until("koonj could not compare: The process of the comparison ended without a result")


async def test_y_copies_the_definitions(project: Project, recorded: RecordedRehearsals) -> None:
    async with project.open((100, 30), program=recorded.program) as screen:
        await opened(screen)
        await screen.until("public.documents_title_idx")
        await screen.press("y")
        await screen.until("Copy: the differences of index public.documents_title_idx")
        assert "+ CREATE INDEX documents_title_idx" in screen.text()
        await screen.press("escape", "escape")
        assert screen.app.screen is screen.main


async def test_unreachable_target_is_not_compared(
    three_targets: Project, recorded: RecordedRehearsals
) -> None:
    async with three_targets.open((100, 30), program=recorded.program) as screen:
        await screen.press("3", "G", "enter")
        await screen.until(lambda: "► production" in screen.top())
        await screen.until(lambda: all(check.since is None for check in screen.main.snapshot.checks))
        await screen.press("D")
        assert "production cannot be reached" in screen.text()
    assert recorded.calls == []


async def test_click_selects_an_object_and_activates_a_key(
    project: Project, recorded: RecordedRehearsals
) -> None:
    async with project.open((120, 30), program=recorded.program) as screen:
        await opened(screen)
        await screen.until("public.documents_title_idx")
        y = next(i for i, line in enumerate(screen.lines()) if "comment TABLE" in line)
        await screen.pilot.click(offset=(10, y))
        await screen.until("- COMMENT ON TABLE")
        x = screen.bottom().index("Esc")
        await screen.pilot.click(offset=(x + 1, 29))
        await screen.until(lambda: screen.app.screen is screen.main)


async def test_keys_of_problems_select_objects_and_wrap_around(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((120, 36), program=recorded.program) as screen:
        drift_screen = await compared(screen)
        for key, cursor in (("f8", 1), ("full_stop", 2), ("f8", 0), ("shift+f8", 2), ("comma", 1)):
            await screen.press(key)
            assert drift_screen.objects.cursor == cursor


async def test_slash_searches_the_objects_and_esc_ends_the_search_first(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((120, 36), program=recorded.program) as screen:
        drift_screen = await compared(screen)
        await screen.press("slash")
        await screen.type("documents")
        assert "1 of 3" in screen.bottom()
        await screen.press("enter", "n")
        assert drift_screen.objects.cursor == 1
        assert screen.bottom().startswith(" n next match")
        await screen.press("escape")
        assert is_open(screen)
        assert screen.bottom().startswith(" j/k select object")
        await screen.press("tab", "slash")
        await screen.type("language")
        assert "1 of " in screen.bottom()
        await screen.press("escape", "escape")
        assert not is_open(screen)
