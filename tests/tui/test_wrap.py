"""Long lines of SQL: wrapped or scrolled sideways; differences are always wrapped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from koonj.sql.text_diff import diff_texts
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.documents.wrapped_rows import WrappedRows, broken
from koonj.tui.screens import main
from koonj.tui.widgets.preview.changes_tab import ChangeSheet
from support.screen import Project, Screen

LONG = f"SELECT '{'東京 ' * 40}', '{'word ' * 30}' AS the_end;"


def body(screen: Screen) -> list[str]:
    """Return the lines of the text in the preview, without the sentences above it."""
    lines = [line.rstrip() for line in screen.pane("2")]
    return lines[lines.index("") + 1 :]


async def test_w_wraps_long_lines_and_shows_them_whole(project: Project) -> None:
    project.write("001_a.sql", f"BEGIN;\n{LONG}\nCOMMIT;\n-- Rollback: none: it reads\n")
    async with project.open((100, 36)) as screen:
        assert "the_end" not in screen.preview()
        await screen.press("2", "W")
        lines = body(screen)
        assert lines[0] == " 1 BEGIN;"
        assert "".join(line[3:] for line in lines[1:]).replace(" ", "").startswith(LONG.replace(" ", ""))
        assert " 3 COMMIT;" in lines
        await screen.press("W")
        assert "the_end" not in screen.preview()


async def test_wrapped_text_is_searched_and_jumped_in_by_its_lines(project: Project) -> None:
    lines = "\n".join(LONG for _ in range(30))
    project.write("001_a.sql", f"{lines}\nSELECT 'needle';\n-- Rollback: none: it reads\n")
    async with project.open((100, 30)) as screen:
        await screen.press("2", "W", "slash")
        await screen.type("needle")
        assert "31 SELECT 'needle';" in screen.preview()
        await screen.press("escape", "g", "colon")
        await screen.type("29")
        await screen.press("enter")
        await screen.until(lambda: any(line.startswith(" 29›SELECT") for line in body(screen)))


async def test_match_in_a_later_row_of_a_line_is_visible(project: Project) -> None:
    project.write("001_a.sql", f"{LONG}\n-- Rollback: none: it reads\n")
    async with project.open((100, 30)) as screen:
        await screen.press("2", "W", "slash")
        await screen.type("the_end")
        preview = screen.main.preview
        found = [
            text
            for y in range(preview.size.height)
            for text, style, _ in preview.render_line(y)
            if y and style and style.reverse and text.strip()
        ]
        assert found == ["the_end"]


async def test_text_that_is_too_long_is_not_wrapped(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "MAX_WRAPPED", 10)
    monkeypatch.setattr("koonj.tui.widgets.sql_pane.MAX_WRAPPED", 10)
    project.write("001_a.sql", f"{LONG}\n-- Rollback: none: it reads\n")
    async with project.open((100, 30)) as screen:
        await screen.press("2", "W")
        assert "The text is too long to wrap." in screen.bottom()
        assert "the_end" not in screen.preview()


@given(st.text(alphabet="a 東\u0301", max_size=80), st.integers(8, 20))
def test_pieces_have_every_character_and_fit(text: str, room: int) -> None:
    pieces = broken(text, room)
    assert "".join(pieces) == text
    assert all(cell_len(piece) <= room for piece in pieces)


def test_rows_cover_every_line() -> None:
    rows = WrappedRows(SqlText(f"short\n{'x' * 25}\n\nlast"), 10)
    assert [rows[index] for index in range(len(rows))] == [
        (0, 0, 5),
        (1, 0, 10),
        (1, 10, 20),
        (1, 20, 25),
        (2, 0, 0),
        (3, 0, 4),
    ]
    assert [rows.index_of(1, cell) for cell in (0, 9, 10, 24)] == [1, 1, 2, 3]
    assert rows.index_of(3) == 5


def test_difference_is_wrapped_and_shows_blanks_at_the_end_as_dots() -> None:
    sheet = ChangeSheet("Changed.", diff_texts("SELECT 1;\n", f"SELECT '{'x' * 60}';  \n"))
    width = 40
    lines = ["".join(text for text, _ in sheet.line(index, width)[1]) for index in range(sheet.count(width))]
    assert all(cell_len(line) <= width for line in lines)
    added = [line for line in lines if line.startswith(" + ")]
    assert added[0].startswith(" + 1 SELECT 'xxx")
    assert added[1].startswith(" +   xxx")
    assert added[-1].endswith("··")
    assert sheet.widest(width) == 0
