"""koonj writes only changed cells; the terminal shows the same as after a full write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from koonj.tui.toolkit.cells import Cell, cells_of
from koonj.tui.toolkit.frame import Frame
from koonj.tui.toolkit.sgr import PLAIN, look_from, look_on_blank, transition
from support.emulator import Emulator

TRUE = ColorSystem.TRUECOLOR
STYLES = [
    Style.null(),
    Style(dim=True),
    Style(bold=True),
    Style(reverse=True),
    Style(bold=True, reverse=True, color="red"),
    Style(bold=True, dim=True, underline=True),
    Style(color="yellow"),
    Style(color="default", bgcolor="default"),
    Style(bgcolor="blue"),
    Style(color="#ff8000", bgcolor="#102030", strike=True),
    Style(color="bright_cyan", bgcolor="bright_black", italic=True),
    Style(underline=True),
    Style(link="https://example.org"),
]
PIECES = [
    "a",
    "b",
    " ",
    "  ",
    "      ",
    "─",
    "│",
    "…",
    "é",
    "e\u0301",
    "東",
    "京都",
    "❤️",
    "👩‍🚀",
    "😀",
    "한",
    "\u3000",
    "x" * 9,
]

styles = st.sampled_from(STYLES)
segments = st.builds(Segment, st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join), styles)
lines = st.lists(segments, max_size=5).map(Strip)


@st.composite
def sessions(draw: st.DrawFn) -> tuple[int, int, list[list[tuple[int, int, Strip] | None]]]:
    """Draw a size and frames. A change is row, column and strip; None forgets the terminal's contents."""
    width, height = draw(st.integers(2, 24)), draw(st.integers(1, 4))

    def fitted(line: Strip, width: int) -> Strip:
        return line.adjust_cell_length(width)

    put = st.tuples(st.integers(0, height - 1), st.integers(0, width - 1), lines, st.integers(1, width)).map(
        lambda p: (p[0], p[1], fitted(p[2], min(p[3], width - p[1])))
    )
    whole = st.tuples(st.integers(0, height - 1), lines).map(lambda p: (p[0], 0, fitted(p[1], width)))
    change = st.one_of(whole, put, put, st.none())
    return width, height, draw(st.lists(st.lists(change, max_size=4), min_size=1, max_size=6))


def wanted(frame: Frame) -> list[list[Cell]]:
    return [list(row) for row in frame._wanted]


@pytest.mark.slow
@given(sessions(), st.data())
def test_terminal_shows_the_frame(
    session: tuple[int, int, list[list[tuple[int, int, Strip] | None]]], data: st.DataObject
) -> None:
    width, height, frames = session
    frame, terminal = Frame(width, height), Emulator(width, height)
    for changes in frames:
        for change in changes:
            if change is None:
                frame.forget()
            else:
                y, x, strip = change
                frame.put(y, x, strip, TRUE)
        cursor = (data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1)))
        terminal.feed(frame.changes(cursor))
        assert terminal.cells == wanted(frame)
        assert (terminal.x, terminal.y) == cursor
        assert terminal.pen == PLAIN
        assert frame.changes(cursor) == ""
        afresh = Emulator(width, height)
        frame.forget()
        afresh.feed(frame.changes(cursor))
        assert afresh.cells == terminal.cells


@pytest.mark.slow
@given(sessions())
def test_terminal_without_graphemes_is_wrong_only_next_to_them(
    session: tuple[int, int, list[list[tuple[int, int, Strip] | None]]],
) -> None:
    width, height, frames = session
    frame, terminal = Frame(width, height), Emulator(width, height, naive=True)
    for changes in frames:
        for change in changes:
            if change is not None:
                y, x, strip = change
                frame.put(y, x, strip, TRUE)
        terminal.feed(frame.changes((0, 0)))
        for seen, row in zip(terminal.cells, wanted(frame), strict=True):
            doubtful = [cell_len(text) and sum(map(cell_len, text)) != cell_len(text) for text, _ in row]
            for x, cell in enumerate(row):
                if not any(doubtful[max(0, x - 7) : x + 1]) and row[x][0].isascii() and row[x][0]:
                    assert seen[x] == cell


@given(st.lists(st.lists(segments, max_size=6), min_size=1, max_size=5))
def test_styles_equal_those_of_textual(rows: list[list[Segment]]) -> None:
    """Write each line like Textual and like koonj, and compare."""
    plain = [
        Strip(
            [
                Segment("".join(c if len(c) == 1 and c.isascii() else "." for c in text), style)
                for text, style, _ in row
                if not (style and style.link)
            ]
        )
        for row in rows
    ]
    console = Console(color_system="truecolor", force_terminal=True)
    ours, theirs = Emulator(250, len(rows)), Emulator(250, len(rows))
    frame = Frame(250, len(rows))
    for y, strip in enumerate(plain):
        frame.put(y, 0, strip, TRUE)
        theirs.feed(f"\x1b[{y + 1}H{strip.render(console)}")
    assert ours.feed(frame.changes((0, 0))).cells == theirs.cells


sgr = st.lists(
    st.sampled_from(
        [
            "1",
            "2",
            "3",
            "4",
            "5",
            "7",
            "8",
            "9",
            "21",
            "53",
            "31",
            "39",
            "97",
            "38;5;9",
            "41",
            "49",
            "104",
            "48;2;1;2;3",
        ]
    ),
    max_size=5,
).map(";".join)


@given(sgr, sgr)
def test_turn_reaches_any_style_with_few_bytes(before: str, after: str) -> None:
    terminal = Emulator(2, 1).feed(f"\x1b[0;{before or '0'}m")
    assert terminal.pen == look_from(before)
    turned = transition(look_from(before), look_from(after))
    assert terminal.feed(turned).pen == look_from(after)
    assert len(turned) <= len(f"\x1b[0;{after}m")


def test_space_uses_the_current_style() -> None:
    frame = Frame(10, 1)
    frame.put(
        0, 0, Strip([Segment("a", Style(color="red")), Segment(" "), Segment("b", Style(color="red"))]), TRUE
    )
    assert frame.changes((0, 0)) == "\x1b[m\x1b[2J\x1b[H\x1b[31ma b\x1b[m\r"


def test_blank_end_of_a_line_is_erased() -> None:
    frame = Frame(40, 2)
    frame.put(0, 0, Strip([Segment("x" * 40)]), TRUE)
    frame.changes((0, 0))
    frame.put(0, 0, Strip([Segment("x" * 10 + " " * 30)]), TRUE)
    assert frame.changes((0, 0)) == "\x1b[1;11H\x1b[K\r"
    frame.put(0, 0, Strip([Segment("x" * 10), Segment(" " * 30, Style(bgcolor="red"))]), TRUE)
    assert frame.changes((0, 0)) == f"\x1b[1;11H\x1b[41m{' ' * 30}\x1b[m\r"


def test_near_changes_are_joined_with_the_cells_between() -> None:
    frame = Frame(20, 1)
    frame.put(0, 0, Strip([Segment("a.b.................")]), TRUE)
    frame.changes((0, 0))
    frame.put(0, 0, Strip([Segment("A.B..............C..")]), TRUE)
    assert frame.changes((0, 0)) == "\x1b[HA.B\x1b[18GC\r"


def test_equal_frame_writes_nothing_and_cursor_move_writes_little() -> None:
    frame = Frame(20, 2)
    frame.put(0, 0, Strip([Segment("same")]), TRUE)
    frame.changes((0, 0))
    frame.put(0, 0, Strip([Segment("sa"), Segment("me")]), TRUE)
    assert frame.changes((0, 0)) == ""
    assert frame.changes((3, 1)) == "\x1b[2;4H"


def test_next_row_is_reached_with_a_line_end() -> None:
    frame = Frame(20, 3)
    for y, text in enumerate(("ab", "cd", "")):
        frame.put(y, 0, Strip([Segment(text.ljust(20))]), TRUE)
    assert frame.changes((0, 2)) == "\x1b[m\x1b[2J\x1b[Hab\r\ncd\r\n"


def test_control_characters_are_never_written() -> None:
    row = cells_of([Segment("a\x1b[31mb\tc\x07\x9bd")], 12, TRUE)
    assert "".join(text for text, _ in row) == "a[31mbcd    "


def test_colours_are_reduced_to_those_of_the_terminal() -> None:
    orange = [Segment("x", Style(color="#ff8000"))]
    assert cells_of(orange, 1, ColorSystem.TRUECOLOR)[0][1].foreground == "38;2;255;128;0"
    assert cells_of(orange, 1, ColorSystem.EIGHT_BIT)[0][1].foreground == "38;5;208"
    assert cells_of(orange, 1, ColorSystem.STANDARD)[0][1].foreground == "91"
    assert look_on_blank(cells_of(orange, 1, TRUE)[0][1]) == PLAIN
