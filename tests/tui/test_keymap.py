"""Keys from [keys]: accepted if they are safe, refused with a hint if not, shown everywhere."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from pathlib import Path

import pytest
from textual import events
from textual.keys import Keys

from koonj.config import ConfigError
from koonj.config.screen_settings import KeySetting
from koonj.tui.commands.command import Group
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.forms import FORM
from koonj.tui.commands.full_screens import ON_MATRIX
from koonj.tui.commands.keymap import Keymap
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import DECIDING, KEPT, rebind
from koonj.tui.toolkit.key_names import KeyNameError, display_key, parse_key
from support.screen import Project


def rebound(**keys: str | list[str]) -> Keymap:
    """Return the keymap for a table [keys] whose first entry is in line 1."""
    settings = []
    for line, (name, value) in enumerate(keys.items(), 1):
        listed = value if isinstance(value, list) else [value] if value else []
        settings.append(KeySetting(name.replace("_", "-"), tuple(listed), f"koonj.toml:{line}"))
    return rebind(settings, MAIN, EDITING, DIALOGS, ON_MATRIX, FORM)


def refused(**keys: str | list[str]) -> str:
    with pytest.raises(ConfigError) as caught:
        rebound(**keys)
    return str(caught.value)


class TestNames:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("a", "a"),
            ("A", "A"),
            ("shift+a", "A"),
            ("?", "question_mark"),
            ("question_mark", "question_mark"),
            ("+", "plus"),
            ("ctrl++", "ctrl+plus"),
            ("ctrl+a", "ctrl+a"),
            ("Ctrl+A", "ctrl+a"),
            ("alt+ctrl+x", "alt+ctrl+x"),
            ("Ctrl+Alt+X", "alt+ctrl+x"),
            ("PgDn", "pagedown"),
            ("Esc", "escape"),
            ("F5", "f5"),
            ("shift+tab", "shift+tab"),
            ("shift+f5", "shift+f5"),
            (" ", "space"),
            ("ä", "ä"),
        ],
    )
    def test_key_names_of_users_are_understood(self, text: str, name: str) -> None:
        assert parse_key(text) == name

    @pytest.mark.parametrize(
        "text",
        [
            "ctlr+a",
            "pgdwn",
            "",
            "f25",
            "aa",
            "ctrl+",
            "ctrl+i",
            "ctrl+m",
            "shift+1",
            "\x01",
            "ctrl+left_square_bracket",
        ],
    )
    def test_unknown_key_name_is_refused(self, text: str) -> None:
        with pytest.raises(KeyNameError):
            parse_key(text)

    def test_every_character_has_the_name_of_its_key_event(self) -> None:
        for character in string.digits + string.ascii_letters + string.punctuation:
            name = parse_key(character)
            assert parse_key(name) == name
            assert display_key(name) == character
            assert events.Key(name, character).name_aliases

    def test_shown_key_can_be_written_in_settings(self) -> None:
        for command in MAIN:
            for key in command.all_keys():
                assert parse_key(display_key(key)) == key

    def test_key_names_of_textual_are_understood(self) -> None:
        for key in ("up", "home", "backspace", "delete", "f12", Keys.ControlPageUp.value):
            assert parse_key(key) == key


class TestRebinding:
    def test_setting_takes_one_key_a_list_or_none(self) -> None:
        keymap = rebound(apply_next="ctrl+a", theme=["f9", "Q"], format="")
        keys = {c.name(): keymap.keys_of(c) for c in MAIN}
        assert keys["apply-next"] == ("ctrl+a",)
        assert keys["theme"] == ("f9", "Q")
        assert keys["format"] == ()
        assert keys["edit"] == ("i",)
        assert keys["edit-external"] == ("e",)

    def test_two_commands_can_swap_keys(self) -> None:
        keymap = rebound(apply_next="A", apply_all="a")
        keys = {c.name(): keymap.keys_of(c) for c in MAIN}
        assert (keys["apply-next"], keys["apply-all"]) == (("A",), ("a",))

    def test_unknown_command_is_refused_with_suggestion(self) -> None:
        assert refused(aply_next="x") == "koonj.toml:1: no command 'aply-next'. Did you mean 'apply-next'?"

    def test_unknown_key_is_refused_with_suggestion(self) -> None:
        assert (
            refused(edit="pagedwn") == "koonj.toml:1: edit: 'pagedwn' is not a key. Did you mean 'pagedown'?"
        )
        assert "terminals cannot distinguish 'ctrl+i' from 'tab'" in refused(edit="ctrl+i")

    def test_one_key_for_two_commands_is_refused(self) -> None:
        assert refused(edit="f") == (
            "koonj.toml:1: f is the key of both edit and format. "
            'In [keys], set another key for format, for example format = "f5" or format = [].'
        )
        assert refused(edit_external="f12", format="f12").startswith(
            "koonj.toml:2: F12 is the key of both format and edit-external (koonj.toml:1). "
        )

    @pytest.mark.parametrize("key", DECIDING)
    @pytest.mark.parametrize("command", ["apply_next", "apply_all", "roll_back_last", "down"])
    def test_keys_that_answer_dialogs_are_refused_for_changes_and_moves(self, command: str, key: str) -> None:
        assert "confirms or cancels in dialogs" in refused(**{command: key})

    def test_commands_that_change_a_database_are_in_group_changes(self) -> None:
        guarded = {c.name() for c in MAIN if c.group is Group.CHANGES}
        assert {"apply-next", "apply-all", "roll-back-last"} <= guarded

    @pytest.mark.parametrize(("command", "key"), KEPT.items())
    def test_keys_named_in_dialogs_and_titles_cannot_be_removed(self, command: str, key: str) -> None:
        name = command.replace("-", "_")
        assert f"{command} must keep {display_key(key)}" in refused(**{name: "f12"})
        assert "must keep this one" in refused(edit=key)
        held = rebound(**{name: [key, "f12"]})
        assert key in next(held.keys_of(c) for c in MAIN if c.name() == command)

    @pytest.mark.parametrize(
        ("command", "key", "other"),
        [
            ("every_row", "x", "hide-target"),
            ("hide_target", "q", "quit"),
            ("next_difference", "slash", "filter"),
            ("show_targets", "j", "down"),
            ("previous_difference", "f3", "next-match"),
            ("every_row", "T", "all-targets"),
            ("every_row", "R", "refresh"),
            ("every_row", "enter", "open"),
            ("every_row", "ctrl+l", "repaint"),
            ("every_row", "escape", "back"),
            ("every_row", "ctrl+c", "cancel"),
            ("refresh", "o", "restore"),
        ],
    )
    def test_key_of_another_command_of_the_matrix_is_refused(
        self, command: str, key: str, other: str
    ) -> None:
        assert other in refused(**{command: key})

    def test_key_of_a_command_of_the_matrix_is_free_on_the_main_screen(self) -> None:
        keymap = rebound(every_row="i", hide_target="m", restore="X")
        keys = {c.name(): keymap.keys_of(c) for c in (*MAIN, *ON_MATRIX)}
        assert keys["every-row"] == keys["edit"] == ("i",)
        assert keys["hide-target"] == keys["renumber"] == ("m",)
        assert "show-targets" in refused(refresh="X")

    def test_keys_of_the_form_can_be_changed_but_type_no_text_in_a_field(self) -> None:
        keymap = rebound(
            complete_name="ctrl+t", next_name="ctrl+j", filter_patterns="f6", down=["down", "f12"]
        )
        assert [keymap.keys_of(one) for one in FORM[:3]] == [("f6",), ("ctrl+t",), ("ctrl+j",)]
        assert "works in a field, where x is text" in refused(complete_name="x")
        assert "goes on or back" in refused(next_name="enter")
        assert "is the key of both" in refused(complete_name="down")

    def test_quit_cannot_lose_all_its_keys(self) -> None:
        assert "quit must have a key" in refused(quit=[])


class TestOnScreen:
    async def test_new_key_works_and_old_key_does_not(self, project: Project) -> None:
        for number in (1, 2, 3):
            project.table(number)
        async with project.open(keymap=rebound(down="J", last="f7", apply_next="ctrl+g")) as screen:
            await screen.press("f7")
            assert screen.main.migrations.cursor == 2
            await screen.press("g", "J")
            assert screen.main.migrations.cursor == 1
            await screen.press("down", "G", "a")
            assert screen.main.migrations.cursor == 1
            assert screen.app.screen is screen.main
            await screen.press("ctrl+g")
            await screen.expect_dialog("Apply 1 migration")

    async def test_swapped_keys_run_the_other_command(self, project: Project) -> None:
        project.table(1)
        project.table(2)
        async with project.open(keymap=rebound(apply_next="A", apply_all="a")) as screen:
            await screen.press("a")
            await screen.expect_dialog("Apply 2 migrations")

    async def test_footer_help_and_command_palette_show_new_key(self, project: Project) -> None:
        project.table(1)
        keymap = rebound(apply_next="ctrl+g", new="", help="F1")
        async with project.open((120, 60), keymap=keymap) as screen:
            assert "Ctrl+G apply" in screen.bottom()
            assert " n new" not in screen.bottom()
            assert screen.bottom().rstrip().endswith("F1 help  q quit")
            await screen.press("f1")
            text = await screen.expect_dialog("Help")
            assert next(line for line in text.splitlines() if "apply-next" in line).split()[0] == "Ctrl+G"
            await screen.press("escape")
            await screen.press("colon")
            await screen.until("apply-next")
            assert (
                next(line for line in screen.lines() if "apply-next" in line).rstrip(" │").endswith("Ctrl+G")
            )

    async def test_texts_name_the_current_key(self, project: Project) -> None:
        async with project.open(keymap=rebound(quit="Q", new="")) as screen:
            assert "Press :new to create one." in " ".join(" ".join(screen.pane("1")).split())
            await screen.press("c")
            await screen.until("To quit koonj, press Q.")

    async def test_dialogs_scroll_with_the_new_keys(self, project: Project) -> None:
        async with project.open((80, 24), keymap=rebound(down="J")) as screen:
            await screen.press("question_mark")
            await screen.expect_dialog("Help")
            top = screen.text()
            await screen.press("j")
            assert screen.text() == top
            await screen.press("J")
            assert screen.text() != top

    async def test_letter_bound_to_a_move_can_be_typed_in_filter(self, project: Project) -> None:
        project.table(1)
        async with project.open(keymap=rebound(half_down="d")) as screen:
            await screen.press("slash", "d", "e", "d")
            assert screen.main.filter_line.value == "ded"

    async def test_command_without_default_key_gets_one(self, project: Project) -> None:
        async with project.open(keymap=rebound(theme="f9")) as screen:
            await screen.press("f9")
            await screen.until(lambda: screen.app.theme == "dark")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[keys]\napply-next = "y"', "~/.config/koonj/config.toml:2: apply-next changes the database"),
        (
            '[screen]\ntheme = "blak"',
            "~/.config/koonj/config.toml:2: theme = 'blak': no such theme.",
        ),
        ("[screen]\ntheme = 1", "~/.config/koonj/config.toml:2: screen.theme must be a string"),
    ],
)
def test_invalid_setting_ends_koonj_before_the_first_screen(
    project: Project, home: Path, text: str, message: str
) -> None:
    own = home / ".config" / "koonj" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text(text)
    ours, theirs = os.openpty()
    call = [sys.executable, "-m", "koonj", "--dsn", project.targets[0].dsn]
    environ = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(
        call, cwd=project.root, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        written = _read_all(ours)
    assert process.returncode == 2
    assert written.startswith(f"koonj: error: {message}")
    assert "\x1b" not in written


def _read_all(end: int) -> str:
    written = b""
    try:
        while chunk := os.read(end, 65536):
            written += chunk
    except OSError:  # Linux reports this when the other end is closed
        pass
    os.close(end)
    return written.decode()
