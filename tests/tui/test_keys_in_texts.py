"""Texts of the screen name the keys that the user has: no text has a default key in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from koonj.config.screen_settings import KeySetting
from koonj.tui import screens
from koonj.tui.commands.command import Command
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.forms import FORM
from koonj.tui.commands.full_screens import MATRIX, ON_MATRIX
from koonj.tui.commands.keymap import Keymap
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import KEPT, rebind
from koonj.tui.screens.drift import DriftScreen
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.help import HelpDialog
from koonj.tui.screens.history_entry import EntryScreen
from koonj.tui.screens.matrix import MatrixScreen
from koonj.tui.screens.target_history import HistoryScreen
from koonj.tui.state.messages import TargetAnswered
from koonj.tui.widgets.entry_panes import EntryLog, RecordedText
from koonj.tui.widgets.footer import BottomLine
from koonj.tui.widgets.history_list import HistoryList
from koonj.tui.widgets.matrix_pane import MatrixPane
from support.screen import Project, Screen

TUI = Path(screens.__file__).parents[1]
FIXED = {"Enter", "Esc", "y", "n", "n/Esc", "w", "c", "l", "o", "r", "e", "d", "N", "4"} | {
    "/",
    "Up/Down",
}
"""Keys that answer a dialog or end or complete an input, and those that go on in a search. [keys] cannot change them."""
NAMED = re.compile(r"\b[Pp]ress (?P<key>[^\s{.,;:]+)")
NO_KEY = {"a", "any", "it", "the", "or", "before", "Ctrl-C"}
"""Words after "press" that are no key, and the key of the command line."""


def changed_keys() -> Keymap:
    """Return a keymap in which each command has another key: ``alt+…`` in the order of the commands."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    keys = [f"{mode}+{one}" for mode in ("alt", "alt+ctrl", "alt+shift+ctrl") for one in letters]
    settings = []
    for command, key in zip(dict.fromkeys((*MATRIX, *DIALOGS, *MAIN)), keys, strict=False):
        kept = (KEPT[command.name()],) if command.name() in KEPT else ()
        settings.append(KeySetting(command.name(), (*kept, key), "koonj.toml:1"))
    return rebind(settings, MAIN, EDITING, DIALOGS, ON_MATRIX)


def constants(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module that are not docstrings, with their lines."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def literal_hints(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the keys that are written in a `Hint`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Hint"):
            continue
        if isinstance(node.args[0], ast.Constant):
            yield node.lineno, str(node.args[0].value)


@pytest.mark.parametrize("path", sorted(TUI.rglob("*.py")), ids=lambda path: str(path.relative_to(TUI)))
def test_no_text_or_hint_has_a_key_in_it_that_can_be_changed(path: Path) -> None:
    hints = [(line, key) for line, key in literal_hints(path) if key not in FIXED]
    texts = [
        (line, found["key"])
        for line, text in constants(path)
        for found in NAMED.finditer(text)
        if found["key"] not in FIXED | NO_KEY
    ]
    assert hints + texts == []


def test_helps_of_commands_name_no_key_that_can_be_changed() -> None:
    changed = {key for c in (*MAIN, *MATRIX) for key in map(str.upper, c.all_keys()) if len(key) > 1}
    commands: tuple[Command[Any], ...] = (*MAIN, *EDITING, *DIALOGS, *MATRIX, *FORM)
    for command in dict.fromkeys(commands):
        words = set(re.findall(r"[A-Z][A-Za-z+]*\d*|\b[A-Z]\b", command.help())) - {"Up", "Down", "Delete"}
        assert not {word for word in words if word.upper() in changed - {"ESCAPE"}} - {"Enter"}, command


def old_keys(screen: Screen) -> list[str]:
    """Return the keys of the last line that are not the new ones."""
    hints = screen.app.screen.query_one(BottomLine).hints
    return [
        hint.key
        for hint in hints
        if hint.key not in {"Esc", "Ctrl+C"} and not all(k.startswith("Alt+") for k in hint.key.split("/"))
    ]


def keys_of(keymap: Keymap) -> dict[str, str]:
    """Return the new key of each command."""
    return {c.name(): keymap.keys_of(c)[-1] for c in dict.fromkeys((*MAIN, *MATRIX, *DIALOGS))}


async def test_matrix_obeys_and_shows_the_new_keys(three_targets: Project) -> None:
    keymap = changed_keys()
    keys = keys_of(keymap)
    three_targets.table(1)
    async with three_targets.open((200, 36), keymap=keymap) as screen:
        await screen.press(keys["all-targets"])
        await screen.until(
            lambda: isinstance(screen.app.screen, MatrixScreen) and bool(screen.app.screen.query(MatrixPane))
        )
        matrix = screen.app.screen
        assert isinstance(matrix, MatrixScreen)
        pane = matrix.query_one(MatrixPane)
        await screen.until(lambda: pane.view.folder is not None and len(pane.view.columns) == 3)
        assert old_keys(screen) == []
        await screen.press("x", "o", "n", "q", "slash", "T", "R")
        assert type(screen.app.screen) is MatrixScreen
        assert not matrix.search_bar.is_open
        assert len(pane.view.columns) == 3
        await screen.press(keys["hide-target"])
        await screen.until(lambda: len(pane.view.columns) == 2)
        assert old_keys(screen) == []
        await screen.press(keys["show-targets"])
        await screen.until(lambda: len(pane.view.columns) == 3)
        await screen.press(keys["filter"])
        await screen.until(lambda: matrix.search_bar.is_open)
        await screen.press("escape", keys["quit"])
        await screen.until(lambda: screen.app.screen is screen.main)


def test_key_of_the_matrix_is_not_that_of_the_main_screen() -> None:
    settings = [
        KeySetting("every-row", ("f9",), "koonj.toml:1"),
        KeySetting("restore", ("f10",), "koonj.toml:2"),
    ]
    keymap = rebind(settings, MAIN, EDITING, DIALOGS, ON_MATRIX)
    assert keymap.current_key("matrix o") == "F9"
    assert keymap.current_key("o") == "F10"
    assert Keymap().current_key("matrix o") == "o"


async def test_history_and_entry_obey_and_show_the_new_keys(project: Project) -> None:
    keymap = changed_keys()
    keys = keys_of(keymap)
    project.table(1)
    async with project.open((200, 36), keymap=keymap) as screen:
        await screen.press(keys["apply-next"])
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        await screen.press(keys["target-history"])
        await screen.until(
            lambda: (
                isinstance(screen.app.screen, HistoryScreen) and bool(screen.app.screen.query(HistoryList))
            )
        )
        await screen.until(lambda: screen.app.screen.query_one(HistoryList).history.is_read)
        assert old_keys(screen) == []
        await screen.press("enter", "H")
        assert isinstance(screen.app.screen, HistoryScreen)
        await screen.press(keys["open"])
        await screen.until("CREATE TABLE t1")
        entry = screen.app.screen
        assert isinstance(entry, EntryScreen)
        assert old_keys(screen) == []
        await screen.press("W", keys["next-pane"])
        assert isinstance(entry.pane, EntryLog)
        assert old_keys(screen) == []
        assert entry.query_one(RecordedText).wraps is False
        await screen.press(keys["wrap"])
        await screen.until(lambda: entry.query_one(RecordedText).wraps is True)
        await screen.press(keys["quit"])
        await screen.until(lambda: isinstance(screen.app.screen, HistoryScreen))


async def test_drift_obeys_and_shows_the_new_keys(project: Project) -> None:
    keymap = changed_keys()
    keys = keys_of(keymap)
    async with project.open((200, 36), keymap=keymap) as screen:
        await screen.press(keys["drift"])
        await screen.until(
            lambda: isinstance(screen.app.screen, DriftScreen) and bool(screen.app.screen.query(BottomLine))
        )
        drift = screen.app.screen
        assert isinstance(drift, DriftScreen)
        assert old_keys(screen) == []
        await screen.until(lambda: not drift.is_comparing)
        assert old_keys(screen) == []
        await screen.press("R", "D", "q")
        assert isinstance(screen.app.screen, DriftScreen)
        assert not drift.is_comparing
        await screen.press(keys["refresh"])
        await screen.until(lambda: drift.is_comparing)
        await screen.press(keys["cancel"])
        await screen.until(lambda: not drift.is_comparing)
        await screen.press(keys["drift"])
        await screen.until(lambda: screen.app.screen is screen.main)


async def test_help_obeys_and_shows_the_new_keys(project: Project) -> None:
    keymap = changed_keys()
    keys = keys_of(keymap)
    async with project.open((160, 36), keymap=keymap) as screen:
        for key in ("quit", "help"):
            await screen.press(keys["help"])
            await screen.expect_dialog("Help")
            assert old_keys(screen) == []
            dialog = screen.app.screen
            assert isinstance(dialog, HelpDialog)
            await screen.press("q", "slash", "question_mark")
            assert isinstance(screen.app.screen, HelpDialog)
            assert not dialog._row.visible
            await screen.press(keys["filter"])
            await screen.until(lambda: "key, name or words" in screen.text())
            await screen.press("escape", keys[key])
            await screen.until(lambda: screen.app.screen is screen.main)


async def test_problem_list_and_targets_name_the_new_keys(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1;\n-- Rollback: none: it reads\n")
    project.write("001_b.sql", "SELECT 2;\n-- Rollback: none: it reads\n")
    settings = [
        KeySetting("renumber", ("f9",), "koonj.toml:1"),
        KeySetting("refresh", ("f10",), "koonj.toml:2"),
    ]
    keymap = rebind(settings, MAIN, EDITING, DIALOGS, ON_MATRIX)
    async with project.open((160, 40), keymap=keymap) as screen:
        await screen.until(lambda: "press F9" in " ".join(screen.preview().split()))
        lost = await screen.app.backend.error_status(project.targets[0], "lost")
        screen.main.post_message(TargetAnswered(project.targets[0].name, lost))
        await screen.until(lambda: "press F10" in screen.text())
        assert "ress R" not in screen.text()
        await screen.press("i")
        await screen.until(lambda: isinstance(screen.app.screen, Editor))
        await screen.until(lambda: "press F9" in " ".join(screen.text().split()))
        assert "ress m" not in screen.text()
