"""Long lines in the editor, wrapped: cursor, marks, search and lines are where they belong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets import sql_editor
from koonj.tui.widgets.exact_document import ExactDocument, displayed
from koonj.tui.widgets.sql_editor import SqlEditor
from koonj.tui.widgets.wrapped_lines import WrappableDocument
from support.screen import Project, Screen, open_editor

LONG = f"SELECT '{'東京 ' * 20}', '{'word ' * 20}' AS the_end;"
TEXT = (
    f"SELECT 1;\n{LONG}\nSELECT 3;\n"
    + "\n".join("SELECT 4;" for _ in range(40))
    + "\n-- Rollback: none: it reads\n"
)


@pytest.fixture
def offline(offline: Project) -> Project:
    """A project with one migration, whose target is unreachable."""
    offline.write("001_a.sql", TEXT)
    return offline


async def open_wrapped(screen: Screen) -> SqlEditor:
    editor = await open_editor(screen)
    await screen.press("f9")
    return editor.text


def at_cursor(screen: Screen, area: SqlEditor) -> str:
    """Return what the screen shows from the cursor on."""
    x, y = area.cursor_screen_offset
    row = screen.lines()[y]
    start = next(i for i in range(len(row) + 1) if cell_len(row[:i]) >= x)
    return row[start:]


async def test_wrapped_line_is_whole_and_has_one_number(offline: Project) -> None:
    async with offline.open((60, 30), answered=False) as screen:
        await open_wrapped(screen)
        rows = [line.rstrip() for line in screen.lines()[1:8]]
        assert rows[0] == "  1  SELECT 1;"
        end = rows.index("  3  SELECT 3;")
        assert rows[1].startswith("  2  SELECT '東京")
        assert all(row.startswith("     ") for row in rows[2:end])
        assert "".join(row[5:] for row in rows[1:end]).replace(" ", "") == LONG.replace(" ", "")
        await screen.press("f9")
        assert screen.lines()[3].startswith("  3  SELECT 3;")
    assert (offline.migrations / "001_a.sql").read_text() == TEXT


@pytest.mark.parametrize("theme", ["terminal", "dark"])
async def test_cursor_is_drawn_where_it_is(offline: Project, theme: str) -> None:
    async with offline.open((60, 30), Terminal(theme=theme), answered=False) as screen:
        area = await open_wrapped(screen)
        for column in (8, 20, 31, 60, LONG.index("the_end")):
            area.go_to(1, column)
            await screen.pilot.pause()
            assert at_cursor(screen, area).startswith(LONG[column : column + 3].rstrip())
        await screen.type("x")
        assert at_cursor(screen, area).startswith("the_end")
        assert area.document.get_line(1) == LONG.replace("the_end", "xthe_end")


async def test_rows_of_a_line_are_moved_through(offline: Project) -> None:
    async with offline.open((60, 30), answered=False) as screen:
        area = await open_wrapped(screen)
        await screen.press("down", "down")
        row, column = area.cursor_location
        assert (row, column > 0) == (1, True)
        await screen.press("end", "home")
        assert area.cursor_location == (1, column)
        await screen.press("up", "up")
        assert area.cursor_location == (0, 0)


async def test_find_and_go_to_line_lead_to_the_place(offline: Project) -> None:
    async with offline.open((60, 12), answered=False) as screen:
        area = await open_wrapped(screen)
        await screen.press("ctrl+g")
        await screen.type("30")
        await screen.press("enter")
        assert area.cursor_location == (29, 0)
        assert any(line.startswith(" 30  ") for line in screen.lines())
        await screen.press("ctrl+f")
        await screen.type("the_end")
        assert area.cursor_location == (1, LONG.index("the_end"))
        assert at_cursor(screen, area).startswith("the_end")


async def test_problem_in_a_later_row_is_marked_there(offline: Project) -> None:
    wrong = f"SELECT {', '.join(f'column_{number}' for number in range(12))}, 'open;"
    offline.write("001_a.sql", f"BEGIN;\n{wrong}\n")
    async with offline.open((60, 20), answered=False) as screen:
        area = await open_wrapped(screen)
        await screen.until(lambda: bool(area.looks.problems_at(1)))
        problem = area.looks.problems_at(1)[0]
        assert problem.column is not None
        y = area.wrapped_document.location_to_offset((1, problem.column - 1)).y
        assert y > 1
        marked = [
            (line, segment.text)
            for line in range(1, area.wrapped_document.height)
            for segment in area.render_line(line)
            if segment.style and segment.style.underline
        ]
        assert {line for line, _ in marked} == {y}
        await screen.press("f8")
        assert area.cursor_location == (1, problem.column - 1)
        assert at_cursor(screen, area).startswith("'open;")


async def test_text_that_is_too_long_is_not_wrapped(
    offline: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_editor, "MAX_WRAPPED", 100)
    async with offline.open((80, 24), answered=False) as screen:
        area = await open_wrapped(screen)
        assert "too long to be wrapped" in screen.bottom()
        assert not area.soft_wrap


def wrappable(lines: list[str], room: int) -> WrappableDocument:
    document = ExactDocument("\n".join(lines), "\n", lambda *_: None)
    wrapped = WrappableDocument(document, tab_width=4)
    wrapped.wrap(room, 4)
    return wrapped


@given(st.lists(st.text("ab \t漢\x01é", max_size=60), min_size=1, max_size=5), st.integers(8, 20))
def test_every_character_has_one_place(lines: list[str], room: int) -> None:
    wrapped = wrappable(lines, room)
    assert wrapped.height == sum(len(wrapped.get_sections(index)) for index in range(len(lines)))
    for index, line in enumerate(lines):
        cells = [cell_len(displayed(line[:column], 4)) for column in range(len(line) + 1)]
        for row in range(len(wrapped.get_sections(index))):
            first, end = wrapped.cells_of(index, row)
            assert (cells[-1] if end is None else end) - first <= room
        for column in range(len(line) + 1):
            if column == len(line) or cells[column + 1] > cells[column]:
                offset = wrapped.location_to_offset((index, column))
                assert wrapped.offset_to_location(offset) == (index, column)


def test_rows_follow_an_edit() -> None:
    wrapped = wrappable(["a" * 30, "end"], 10)
    assert wrapped.location_to_offset((1, 0)).y == 3
    wrapped.document.replace_range((0, 5), (0, 30), "")
    wrapped.wrap_range((0, 5), (0, 30), (0, 5))
    assert wrapped.location_to_offset((1, 0)).y == 1
