"""The help dialog: commands with keys, why one is not available, meanings of states, search."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from koonj.migrations.states import GLYPHS, MEANINGS, State
from koonj.sql.display import spaced
from koonj.tui.screens import help as help_dialog
from koonj.tui.screens.dialog import DialogText
from koonj.tui.screens.help import HelpDialog
from koonj.tui.toolkit.capabilities import Terminal
from support.screen import Project, Screen

STATES = Path(__file__).parents[2] / "docs" / "states.md"


async def open_help(screen: Screen) -> None:
    await screen.press("question_mark")
    await screen.expect_dialog("Help")


def is_open(screen: Screen) -> bool:
    return isinstance(screen.app.screen, HelpDialog)


async def test_command_that_is_not_available_shows_reason(project: Project) -> None:
    project.table(1)
    async with project.open((120, 36)) as screen:
        await open_help(screen)
        await screen.press("slash")
        await screen.type("appl")
        lines = screen.dialog().splitlines()
        at = next(i for i, line in enumerate(lines) if "roll-back-last" in line)
        words = " ".join(" ".join(lines[at : at + 3]).split())
        assert "applied last. Not available: Nothing is applied on local." in words
        at = next(i for i, line in enumerate(lines) if "apply-next" in line)
        assert "Not available" not in lines[at] + lines[at + 1]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=str)
async def test_each_command_has_one_line_and_those_not_available_come_last(
    project: Project, size: tuple[int, int]
) -> None:
    project.table(1)
    async with project.open(size) as screen:
        await open_help(screen)
        half = screen.app.screen.query_one(DialogText).size.width // 2 if size[0] == 200 else None
        text = "\n".join(line[:half].rstrip() for line in screen.dialog().splitlines())
        lines = text[text.index("1 Migrations") :].split("\n\n")[0].splitlines()[1:]
        keys = [line.split()[0] for line in lines]
        assert keys[:2] == ["n", "i"]
        assert set("mox") < set(keys)
        is_dim = ["not now: " in line for line in lines]
        assert is_dim == sorted(is_dim)
        assert any(is_dim)
        await screen.press("slash")
        await screen.type("renumber")
        await screen.until(lambda: "only a late or duplicate file" in " ".join(screen.dialog().split()))


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_all_of_a_command_that_is_not_available_is_quiet(project: Project, theme: str) -> None:
    project.table(1)
    async with project.open((120, 36), Terminal(theme=theme)) as screen:
        await open_help(screen)
        pane = screen.app.screen.query_one(DialogText)
        lines = [pane.draw(index, pane.size.width) for index in range(pane.count())]
        at = next(i for i, line in enumerate(lines) if "roll-back-last" in line.text)
        assert "Nothing is applied on local" in lines[at].text
        assert all(s.style is not None and s.style.dim for s in lines[at] if s.text.strip())


async def test_slash_searches_as_typed_and_esc_clears_search(project: Project) -> None:
    async with project.open((100, 30)) as screen:
        await open_help(screen)
        all_commands = screen.dialog()
        await screen.press("slash")
        await screen.type("cancel")
        text = screen.dialog()
        assert "cancel" in text
        assert "repaint" not in text
        assert re.match(r"Help  \d of \d+ entries\n", text)
        await screen.press("escape")
        assert screen.dialog() == all_commands
        await screen.press("escape")
        assert not is_open(screen)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("ctrl+l", "repaint"), ("rollback", "roll-back-last"), ("roll back", "roll-back-last"), ("z", "zoom")],
)
async def test_search_finds_keys_names_and_words(project: Project, typed: str, found: str) -> None:
    async with project.open((100, 30)) as screen:
        await open_help(screen)
        await screen.press("slash")
        await screen.type(typed)
        assert found in screen.dialog()


async def test_search_without_matches_says_so(project: Project) -> None:
    async with project.open() as screen:
        await open_help(screen)
        await screen.press("slash")
        await screen.type("xyzzy")
        assert "0 of" in screen.dialog()
        assert "no matches" in screen.dialog()


async def test_enter_keeps_matches_and_keys_scroll_them(project: Project) -> None:
    async with project.open((100, 24)) as screen:
        await open_help(screen)
        await screen.press("slash")
        await screen.type("the")
        await screen.press("down", "down")
        kept = screen.dialog()
        assert re.match(r"Help  \d\d of \d+ entries\n", kept)
        await screen.press("enter", "G")
        assert screen.dialog() == kept
        pane = screen.app.screen.query_one("#box Pane")
        assert pane.top == pane.last_top > 0  # type: ignore[attr-defined] # a Pane
        await screen.press("q")
        assert is_open(screen), "the first q clears the search"
        await screen.press("q")
        assert not is_open(screen)


async def test_dialog_does_not_move_during_search(project: Project) -> None:
    async with project.open((100, 30)) as screen:
        await open_help(screen)
        before = screen.app.screen.query_one("#box").region
        await screen.press("slash")
        await screen.type("cancel")
        await screen.pilot.pause()
        after = screen.app.screen.query_one("#box").region
        assert before == after


async def test_help_lists_glyph_word_and_meaning_of_every_state(project: Project) -> None:
    async with project.open((100, 30)) as screen:
        await open_help(screen)
        text = screen.dialog()
        for state in MEANINGS:
            assert re.search(
                rf"{re.escape(GLYPHS[state])} {spaced(state)} +{re.escape(MEANINGS[state])}", text
            ), state


def test_states_document_matches_meanings_in_code() -> None:
    rows = re.findall(r"^\| (\S) \| ([a-z ]+) \| (.*?) \|", STATES.read_text(encoding="utf-8"), re.MULTILINE)
    documented = {word: (glyph, meaning) for glyph, word, meaning in rows}
    assert set(MEANINGS) == set(State)
    for state in MEANINGS:
        glyph, meaning = documented[state.value.replace("_", " ")]
        assert glyph == GLYPHS[state]
        assert meaning.startswith(MEANINGS[state]), state


async def test_search_marks_its_matches_and_n_goes_on(project: Project) -> None:
    async with project.open((100, 30)) as screen:
        await open_help(screen)
        await screen.press("slash")
        await screen.type("migration")
        searcher = screen.app.screen.query_one(DialogText).searcher
        assert searcher.count.startswith("1 of ")
        await screen.press("enter", "n", "n", "N")
        assert searcher.count.startswith("2 of ")
        await screen.press("escape")
        assert searcher.count == ""
        assert is_open(screen)


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (40, "Edit the file, with its problems"),
        (31, "Edit the file …"),
        (15, "Edit the file …"),
        (14, "Edit the file…"),
        (12, "Edit the fi…"),
    ],
)
def test_line_of_a_command_ends_after_a_part_of_the_sentence(room: int, shown: str) -> None:
    assert help_dialog._brief("Edit the file, with its problems. Then save it.", room) == shown


@pytest.mark.parametrize(
    ("room", "shown"), [(30, "Rehearse: apply, roll back …"), (20, "Rehearse: apply …"), (12, "Rehearse")]
)
def test_a_list_that_is_not_whole_has_an_ellipsis(room: int, shown: str) -> None:
    assert help_dialog._brief("Rehearse: apply, roll back, apply again.", room) == shown


@pytest.mark.parametrize(("width", "columns"), [(80, 1), (120, 1), (199, 1), (200, 2), (240, 2)])
async def test_groups_are_side_by_side_if_there_is_room(project: Project, width: int, columns: int) -> None:
    project.table(1)
    async with project.open((width, 50)) as screen:
        await open_help(screen)
        _, *lines = screen.dialog().splitlines()
        pane = screen.app.screen.query_one(DialogText)
        assert len(re.split(r"\s{2,}", lines[0].strip())) == columns
        assert lines[0].startswith(" 1 Migrations")
        assert all(cell_len(line) <= pane.size.width for line in lines)
        if columns == 2:
            room = (pane.size.width - 2) // 2
            assert all(line[room : room + 2].strip() == "" for line in lines)
            assert sum(bool(line[room:].strip()) for line in lines) > len(lines) // 2


async def test_search_in_two_columns_marks_the_matches_of_both(project: Project) -> None:
    project.table(1)
    async with project.open((200, 50)) as screen:
        await open_help(screen)
        await screen.press("slash")
        await screen.type("pane")
        await screen.until(lambda: "entries" in screen.text())
        dialog = screen.app.screen
        assert isinstance(dialog, HelpDialog)
        searcher = dialog.query_one(DialogText).searcher
        found = screen.dialog().lower().count("pane")
        assert found > 3
        assert searcher.count == f"1 of {found}"
        await screen.press("enter", "n")
        assert searcher.count == f"2 of {found}"
