"""Search in the text of panes: matches, count, smart case, and the right cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.strip import Strip

from koonj.config.screen_settings import KeySetting
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.documents.text_search import TextMatch, TextQuery, matches_in_lines
from koonj.tui.screens.help import HelpDialog
from koonj.tui.theme import FOUND, FOUND_HERE
from koonj.tui.toolkit.strips import mark_cells
from koonj.tui.widgets import text_searcher
from koonj.tui.widgets.pane import Pane
from support.screen import Project, Screen


def cells(pane: Pane, style: object) -> list[str]:
    """Return the texts of a pane that are drawn in a style of a match."""
    found = []
    for y in range(1, pane.size.height):
        strip: Strip = pane.render_line(y)
        run = ""
        for text, look, _ in strip:
            is_marked = look is not None and (
                (look.reverse and look.bold) if style is FOUND_HERE else (look.underline and look.bold)
            )
            if is_marked:
                run += text
            elif run:
                found.append(run)
                run = ""
        if run:
            found.append(run)
    return found


async def search(screen: Screen, text: str, pane: str = "2") -> None:
    await screen.press(pane, "slash")
    await screen.type(text)


# The matcher


@pytest.mark.parametrize(
    ("query", "text", "spans"),
    [
        ("table", "CREATE TABLE table1", [(7, 12), (13, 18)]),
        ("Table", "CREATE TABLE Table1", [(13, 18)]),
        ("aa", "aaaa", [(0, 2), (2, 4)]),
        ("(.*)", "a(.*)b", [(1, 5)]),
        ("x", "İİx", [(2, 3)]),
        ("ä", "Ä", [(0, 1)]),
        ("", "abc", []),
    ],
)
def test_query_finds_plain_text_with_smart_case(query: str, text: str, spans: list[tuple[int, int]]) -> None:
    assert list(TextQuery(query).spans(text)) == spans


@given(
    st.text(alphabet="aAbİ\n", max_size=60),
    st.text(alphabet="aAb", min_size=1, max_size=3),
    st.integers(6, 9),
)
def test_long_text_has_the_same_matches_as_its_lines(text: str, query: str, block: int) -> None:
    sought = TextQuery(query)
    sql = SqlText(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("koonj.tui.documents.text_search._BLOCK", block)
        found = [match for match in sql.matches(sought) if match]
    lines = text.split("\n")
    assert found == [match for match in matches_in_lines(sought, len(lines), lines.__getitem__) if match]


# In the preview


async def test_search_marks_matches_and_counts_them(project: Project) -> None:
    project.table(1)
    async with project.open((120, 30)) as screen:
        await search(screen, "t1")
        assert "1 of 2" in screen.bottom()
        assert "Enter keep  Esc end" in screen.bottom()
        assert cells(screen.main.preview, FOUND_HERE) == ["t1"]
        assert cells(screen.main.preview, FOUND) == ["t1"]
        await screen.press("enter")
        assert screen.pane("2")[0].rstrip().endswith("/t1  1 of 2")
        assert screen.bottom().startswith(" n next match  N previous match  Esc end search")


async def test_keys_of_a_search_without_a_match_only_end_it(project: Project) -> None:
    project.table(1)
    async with project.open((120, 30)) as screen:
        await search(screen, "nowhere")
        await screen.press("enter")
        assert screen.pane("2")[0].rstrip().endswith("/nowhere  no match")
        assert screen.bottom().startswith(" Esc end search")
        assert "match" not in screen.bottom()


async def test_n_goes_on_in_a_search_and_creates_a_migration_without_one(project: Project) -> None:
    project.table(1)
    async with project.open((120, 30)) as screen:
        await search(screen, "t1")
        await screen.press("enter", "n")
        assert screen.app.screen is screen.main
        assert "2 of 2" in screen.pane("2")[0]
        await screen.press("n")
        assert "1 of 2" in screen.pane("2")[0]
        await screen.press("N")
        assert "2 of 2" in screen.pane("2")[0]
        await screen.press("escape")
        assert "/t1" not in screen.pane("2")[0]
        assert cells(screen.main.preview, FOUND_HERE) == []
        await screen.press("n")
        await screen.until(lambda: screen.app.screen is not screen.main)


async def test_other_keys_of_a_search_in_the_settings_replace_n(project: Project) -> None:
    project.table(1)
    keymap = rebind([KeySetting("next-match", ("z",), "koonj.toml:2")], MAIN, EDITING, DIALOGS)
    async with project.open((120, 30), keymap=keymap) as screen:
        await search(screen, "t1")
        await screen.press("enter")
        assert screen.bottom().startswith(" z next match  N previous match  Esc end search")
        await screen.press("z")
        assert "2 of 2" in screen.pane("2")[0], "one step, not two"
        await screen.press("N")
        assert "1 of 2" in screen.pane("2")[0]
        await screen.press("question_mark")
        await screen.until(lambda: isinstance(screen.app.screen, HelpDialog))
        await screen.press("slash")
        await screen.type("match")
        await screen.press("enter")
        dialog = screen.app.screen
        assert isinstance(dialog, HelpDialog)
        before = dialog.pane.searcher.count
        await screen.press("n")
        assert dialog.pane.searcher.count == before
        await screen.press("z")
        assert dialog.pane.searcher.count != before
        await screen.press("escape", "escape")
        await screen.until(lambda: screen.app.screen is screen.main)
        await screen.press("n")
        await screen.until(lambda: screen.app.screen is not screen.main)


async def test_search_scrolls_to_the_first_match_down_and_sideways(project: Project) -> None:
    lines = "\n".join(f"SELECT {number};" for number in range(60))
    project.write("001_a.sql", f"{lines}\nSELECT '{'x' * 200}' AS needle;\n-- Rollback: none: it reads\n")
    async with project.open((100, 24)) as screen:
        await search(screen, "needle")
        assert cells(screen.main.preview, FOUND_HERE) == ["needle"]
        await screen.press("escape")
        assert screen.main.pane is screen.main.preview


async def test_text_that_is_not_there_has_no_match(project: Project) -> None:
    project.table(1)
    async with project.open((120, 30)) as screen:
        await search(screen, "xyzzy")
        assert "no match" in screen.bottom()
        await screen.press("enter", "n", "N")
        assert "no match" in screen.pane("2")[0]


@pytest.mark.parametrize(
    ("line", "typed", "drawn"),
    [
        ("SELECT '東京', 'needle';", "needle", "needle"),
        ("SELECT '東京', 1;", "京", "京"),
        ("\tSELECT\t'needle';", "needle", "needle"),
        ("SELECT '\x1b[31m needle';", "needle", "needle"),
        ("SELECT '\u202eneedle';", "needle", "needle"),
        ("SELECT 'e\u0301e\u0301needle';", "needle", "needle"),
    ],
)
async def test_match_is_marked_in_the_right_cells(
    project: Project, line: str, typed: str, drawn: str
) -> None:
    project.write("001_a.sql", f"{line}\n-- Rollback: none: it reads\n")
    async with project.open((100, 24)) as screen:
        await screen.press("2", "slash")
        screen.main.search_bar.line.value = typed
        await screen.until(lambda: cells(screen.main.preview, FOUND_HERE) == [drawn])


async def test_match_of_a_combining_mark_has_the_cell_of_its_letter(project: Project) -> None:
    project.write("001_a.sql", "SELECT 'e\u0301';\n-- Rollback: none: it reads\n")
    async with project.open((100, 24)) as screen:
        await screen.press("2", "slash")
        screen.main.search_bar.line.value = "\u0301"
        await screen.until(lambda: cells(screen.main.preview, FOUND_HERE) == ["e\u0301"])


async def test_search_of_a_long_text_works_in_slices(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_searcher, "SLICE", 0.0001)
    lines = "\n".join(f"SELECT {number}; -- needle" for number in range(20_000))
    project.write("001_a.sql", f"{lines}\n-- Rollback: none: it reads\n")
    async with project.open((100, 24)) as screen:
        await screen.until(lambda: screen.main.preview.count() >= 20_000)
        await search(screen, "needle")
        await screen.until("1 of 10,000+")
        await screen.press("enter", "N")
        assert "10,000 of 10,000+" in screen.pane("2")[0]


async def test_search_follows_the_text_when_the_file_changes(project: Project) -> None:
    project.table(1)
    async with project.open((120, 30)) as screen:
        await search(screen, "needle")
        await screen.press("enter")
        await screen.until(lambda: "no match" in screen.pane("2")[0])  # the file is read meanwhile
        project.write("001_make_t1.sql", "SELECT 'needle';\n-- Rollback: none: it reads\n")
        await screen.until("/needle  1 of 1")


# In the other panes


async def test_search_in_the_run_and_in_the_list_is_where_the_focus_is(project: Project) -> None:
    project.table(1)
    async with project.open((120, 30)) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        await search(screen, "applied", "4")
        assert "2 of 2" in screen.bottom(), "the search begins at the newest line"
        assert cells(screen.main.panes[3], FOUND_HERE) == ["Applied"]
        await screen.press("enter", "1", "slash")
        await screen.type("make")
        assert "1 Migrations  /make" in screen.pane("1")[0]


@pytest.mark.parametrize("keys", [["v", "v"], ["v", "v", "v", "v", "v"]])
async def test_search_in_other_tabs(project: Project, keys: list[str]) -> None:
    project.table(1)
    async with project.open((120, 30)) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        await screen.press("2", *keys)
        await screen.until(lambda: screen.main.preview.record_sheet is not None or keys == ["v", "v"])
        await screen.press("slash")
        await screen.type("a")
        assert cells(screen.main.preview, FOUND_HERE) in (["a"], ["A"])


def test_mark_has_the_combining_mark_of_its_last_letter() -> None:
    found = mark_cells(Strip([Segment("ae\u0301d")]), [(1, 2, FOUND)])
    assert [part for part, style, _ in found if style == FOUND] == ["e\u0301"]


def test_match_over_the_end_of_a_block_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koonj.tui.documents.text_search._BLOCK", 6)
    assert [at for at in TextQuery("ab").offsets("xxxxxabxx") if at is not None] == [5]


def test_matches_are_in_order() -> None:
    assert TextMatch(1, 2, 3) < TextMatch(2, 0, 1)


@pytest.mark.parametrize(
    ("text", "marked"),
    [("abcdef", "bcd"), ("東京都", "京"), ("ae\u0301d", "e\u0301d"), ("a東b", "東b")],
)
def test_mark_has_whole_characters_and_keeps_the_width(text: str, marked: str) -> None:
    line = Strip([Segment(text[:2]), Segment(text[2:])])
    found = mark_cells(line, [(1, 4, FOUND)])
    assert found.text == text
    assert found.cell_length == line.cell_length
    assert "".join(part for part, style, _ in found if style == FOUND) == marked
