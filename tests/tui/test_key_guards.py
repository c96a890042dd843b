"""What must hold of keys wherever they are shown or set: the key line, the columns of the help, and [keys]."""

from __future__ import annotations

import pytest

from koonj.config import ConfigError
from koonj.config.screen_settings import KeySetting
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from koonj.tui.commands.search import match_keys
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.help import _columns, _joined
from koonj.tui.theme import PLAIN
from koonj.tui.widgets.footer import Hint, _placed

APPLY = Hint("a", "apply", changes_target=True)
WIDE = Hint("x", "a long label of a key")
FIND = Hint("/", "find")
CLOSE = Hint("Esc", "close", command="close")
HELP, QUIT = Hint("?", "help", command="help"), Hint("q", "quit", command="quit")


def placed(*hints: Hint, width: int, parted: bool = False) -> list[tuple[int, str]]:
    return [(column, hint.key) for column, hint in _placed(hints, width, parted=parted)]


# The key line


def test_help_and_quit_stand_at_the_right_end_in_any_order() -> None:
    assert placed(HELP, APPLY, QUIT, FIND, width=40) == [(0, "a"), (9, "/"), (24, "?"), (32, "q")]


def test_key_that_does_not_fit_ends_the_line_so_that_the_order_stays_one_of_weight() -> None:
    assert placed(APPLY, WIDE, FIND, width=30) == [(0, "a")]
    assert placed(APPLY, WIDE, FIND, width=34) == [(0, "a"), (9, "x")]
    assert placed(APPLY, WIDE, FIND, width=42) == [(0, "a"), (9, "x"), (34, "/")]


@pytest.mark.parametrize("width", [10, 20, 30, 33])
def test_way_out_has_its_place_where_others_have_none(width: int) -> None:
    keys = [key for _, key in placed(APPLY, WIDE, CLOSE, width=width)]
    assert "Esc" in keys
    assert "x" not in keys


def test_way_out_is_not_drawn_over_the_keys_before_it() -> None:
    assert placed(APPLY, FIND, CLOSE, width=28) == [(0, "a"), (9, "/"), (17, "Esc")]
    assert placed(APPLY, FIND, CLOSE, width=27) == [(0, "a"), (9, "Esc")]
    assert placed(CLOSE, FIND, width=19) == [(0, "Esc"), (11, "/")], "its place is kept once"


def test_line_after_the_keys_that_change_the_target_has_room() -> None:
    assert placed(APPLY, FIND, width=40, parted=True) == [(0, "a"), (11, "/")]
    assert placed(APPLY, APPLY, FIND, width=40, parted=True) == [(0, "a"), (9, "a"), (20, "/")]
    assert placed(FIND, FIND, width=40, parted=True) == [(0, "/"), (8, "/")]


# The columns of the help


def block(name: str, lines: int) -> list[Line]:
    """Return the lines of a group: an empty one, then its own."""
    return [[], *([(f"{name}{n}", PLAIN)] for n in range(lines))]


@pytest.mark.parametrize(
    ("heights", "left"),
    [((3, 3), 3), ((9, 1, 1), 9), ((1, 1, 9), 3), ((2, 2, 2, 2), 5), ((5,), 5)],
)
def test_groups_keep_their_order_in_columns_of_about_the_same_height(
    heights: tuple[int, ...], left: int
) -> None:
    blocks = [block(str(number), lines) for number, lines in enumerate(heights)]
    columns = _columns(blocks)
    assert len(columns[0]) == left
    assert all(column[0] for column in columns), "no column starts with an empty line"
    whole = [line for column in columns for line in column if line]
    assert whole == [line for line in _joined(blocks) if line]


# The settings


@pytest.mark.parametrize(
    ("command", "keys", "reason"),
    [
        ("save", ("x",), "is a command of the editor, where x is text"),
        ("save", ("f4", "space"), "is text"),
        ("probe-plan", ("y",), "is a command of dialogs, where y is an answer"),
        ("probe-plan", ("l",), "where l is an answer"),
        ("probe-plan", ("escape",), "where Esc is an answer"),
        ("apply-next", ("y",), "changes the database, and y confirms or cancels"),
        ("apply-next", ("enter",), "changes the database, and Enter confirms"),
        ("apply-next", ("f4", "w"), "changes the database, and w confirms"),
        ("next-match", ("y",), "is often held down, and y confirms"),
        ("next-match", ("space",), "is often held down, and Space confirms"),
        ("quit", (), "quit must have a key"),
        ("back", ("f4",), "back must keep Esc"),
        ("cancel", ("f4",), "cancel must keep Ctrl"),
        ("pane-run", (), "pane-run must keep 4"),
        ("apply-next", ("q",), "q is the key of both apply-next and quit"),
        ("probe-plan", ("f3",), "F3 is the key of both"),
        ("no-such-command", ("f4",), "no command 'no-such-command'"),
    ],
)
def test_setting_that_makes_a_change_by_mistake_easier_is_refused(
    command: str, keys: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        rebind([KeySetting(command, keys, "koonj.toml:7")], MAIN, EDITING, DIALOGS)
    assert str(caught.value).startswith("koonj.toml:7: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (None, {"n": 1, "N": -1, "f3": 1, "shift+f3": -1}),
        (("z",), {"z": 1, "N": -1, "shift+f3": -1}),
        ((), {"N": -1, "shift+f3": -1}),
    ],
)
def test_keys_of_a_search_are_those_of_the_settings(
    keys: tuple[str, ...] | None, expected: dict[str, int]
) -> None:
    settings = [] if keys is None else [KeySetting("next-match", keys, "koonj.toml:2")]
    assert match_keys(rebind(settings, MAIN, EDITING, DIALOGS).keys_of) == expected
