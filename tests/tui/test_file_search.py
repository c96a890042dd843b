"""Search in the SQL of all files from the list, and jumps by number."""

from __future__ import annotations

from threading import Event

import pytest

from koonj.tui.documents.text_search import TextQuery
from koonj.tui.workers import file_search
from koonj.tui.workers.file_search import _texts
from support.screen import Project


@pytest.fixture
def searched(project: Project) -> Project:
    """Twelve migrations; the third one and the last one have a needle."""
    for number in range(1, 13):
        project.table(number)
    project.write("003_make_t3.sql", "SELECT 1;\nSELECT 'a Needle here';\n-- Rollback: none: it reads\n")
    project.write("012_make_t12.sql", "SELECT 'a needle here';\n-- Rollback: none: it reads\n")
    return project


async def test_sql_filter_lists_the_files_that_have_the_text(searched: Project) -> None:
    async with searched.open((120, 30)) as screen:
        await screen.press("S")
        await screen.type("a needle")
        await screen.until(lambda: [row[1:4] for row in screen.migrations()][:3] == ["003", "012"])
        assert "2 of 12" in screen.pane("1")[0]
        await screen.press("enter")
        assert screen.main.pane is screen.main.migrations
        await screen.until("/a needle  1 of 1")
        assert "2 SELECT 'a Needle here';" in screen.preview()
        await screen.press("escape")
        assert len(screen.migrations()) == 12
        assert "/a needle" not in screen.text()


async def test_sql_prefix_in_the_filter_is_the_same_and_has_smart_case(searched: Project) -> None:
    async with searched.open((120, 30)) as screen:
        await screen.press("slash")
        screen.main.filter_line.value = "sql:Needle"
        await screen.until(lambda: [row[1:4] for row in screen.migrations()] == ["003"])


async def test_preview_shows_the_match_of_the_next_file(searched: Project) -> None:
    async with searched.open((120, 30)) as screen:
        await screen.press("S")
        await screen.type("needle")
        await screen.until("2 of 12")
        await screen.press("enter", "j")
        await screen.until(lambda: "1 SELECT 'a needle here';" in screen.preview())
        assert "/needle  1 of 1" in screen.pane("2")[0]


async def test_text_that_no_file_has_is_said(searched: Project) -> None:
    async with searched.open((120, 30)) as screen:
        await screen.press("S")
        await screen.type("xyzzy")
        await screen.until("No file has the text xyzzy. Press Esc to clear")


async def test_files_are_searched_again_when_one_changes(searched: Project) -> None:
    async with searched.open((120, 30)) as screen:
        await screen.press("S")
        await screen.type("needle")
        await screen.until("2 of 12")
        await screen.press("enter")
        searched.write("005_make_t5.sql", "SELECT 'a needle here';\n-- Rollback: none: it reads\n")
        await screen.until("3 of 12")


@pytest.mark.parametrize("text", ["needle", "東京都", "ä"])
def test_match_in_a_large_file_is_found_wherever_its_pieces_are_cut(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_search, "_WHOLE", 16)
    for before in range(40):
        raw = f"{'é' * before}{text}{'ß' * 20}".encode()
        pieces = list(_texts(raw, len(text), Event()))
        assert any(TextQuery(text).is_in(piece) for piece in pieces), before
        assert "\ufffd" not in "".join(pieces)


def test_search_ends_when_it_is_not_wanted() -> None:
    stop = Event()
    pieces = _texts(b"x" * (3 * file_search._WHOLE), 1, stop)
    next(pieces)
    stop.set()
    assert list(pieces) == []


# Jumps by number


async def test_number_in_the_command_palette_goes_to_the_line(project: Project) -> None:
    lines = "\n".join(f"SELECT {number};" for number in range(1, 2001))
    project.write("001_a.sql", f"{lines}\n-- Rollback:\n-- SELECT 'back';\n")
    async with project.open((100, 24)) as screen:
        await screen.press("2", "colon")
        await screen.type("1500")
        await screen.until("Go to this line")
        await screen.press("enter")
        await screen.until(lambda: "1500›SELECT 1500;" in screen.preview())
        await screen.press("colon")
        await screen.type("2002")
        await screen.press("enter")
        await screen.until(lambda: "2002›SELECT 'back';" in screen.preview())
        assert "[Rollback]" in screen.pane("2")[0]


async def test_number_goes_to_the_migration_in_the_list(searched: Project) -> None:
    async with searched.open((100, 24)) as screen:
        await screen.press("colon")
        await screen.type("11")
        await screen.press("enter")
        assert screen.row("011").startswith("›")
        await screen.press("colon")
        await screen.type("99")
        await screen.press("enter")
        assert screen.row("012").startswith("›")
