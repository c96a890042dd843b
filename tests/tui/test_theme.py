"""Themes: contrast of all text, states that can be distinguished, and no colour with NO_COLOR."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from pygments.lexers.sql import PostgresLexer  # type: ignore[import-untyped] # ships no types
from rich.color import Color, ColorSystem
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.theme import BUILTIN_THEMES, Theme

from koonj.config import ConfigError
from koonj.config.screen_settings import ScreenSettings, ThemeSetting
from koonj.migrations.states import GLYPHS
from koonj.tui.theme import (
    ACCENT,
    BAD,
    DARK,
    DIM,
    GOOD,
    LIGHT,
    MARKED,
    MOVING,
    PLAIN,
    RAISED,
    STATES,
    STRONG,
    TERMINAL,
    THEMES,
    WAITING,
    WARNING,
    choose_theme,
    palette,
    token_style,
)
from koonj.tui.theme.highlight import TOKENS
from koonj.tui.theme.token_filter import TokenFilter
from koonj.tui.theme.tokens import TOKENS as COLOURS
from koonj.tui.toolkit.capabilities import Terminal, detect
from koonj.tui.toolkit.textual_private import screen_styles
from support.colours import contrast, difference, visible_colour
from support.pty_terminal import opened
from support.screen import Project

OWN = [DARK, LIGHT]
READ = [PLAIN, DIM, STRONG, GOOD, WAITING, BAD, WARNING, ACCENT, MOVING, MARKED, RAISED, *TOKENS.values()]
RULE_COLOUR = {DARK.name: COLOURS["border"].dark, LIGHT.name: COLOURS["border"].light}


def _of(theme: Theme) -> TerminalTheme:
    made = palette(theme)
    assert made is not None
    return made


def test_every_state_has_its_own_glyph() -> None:
    assert set(STATES) == {None, *GLYPHS}
    assert len(set(GLYPHS.values())) == len(GLYPHS)


def test_only_readable_colours_are_used() -> None:
    in_16 = TokenFilter(TERMINAL, ColorSystem.STANDARD)
    styles = [in_16.resolve(style) for style in (*READ, *STATES.values())]
    used = {style.color.name for style in styles if style.color and not style.color.is_default}
    assert used == {"green", "yellow", "red", "magenta", "cyan"}  # no blue and no bright colours
    assert not [style for style in styles if style.bgcolor and not style.bgcolor.is_default]


class TestHighlighting:
    SQL = "-- c\nALTER TABLE t ADD n numeric(3) DEFAULT 15, ADD \"T\" text DEFAULT 'x';\nSELECT $1, :v;"

    def looks(self, text: str) -> Style:
        return next(
            token_style(kind)
            for _, kind, value in PostgresLexer().get_tokens_unprocessed(self.SQL)
            if value == text
        )

    def test_token_types_differ_in_16_colours(self) -> None:
        kinds = ["-- c\n", "ALTER", "numeric", "15", "x", "t", "$1"]
        in_16 = TokenFilter(TERMINAL, ColorSystem.STANDARD)
        assert len({in_16.resolve(self.looks(text)) for text in kinds}) == len(kinds)

    @pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
    def test_token_types_differ_in_every_theme(self, theme: Theme) -> None:
        kinds = [self.looks(text) for text in ("-- c\n", "ALTER", "15", "x", "t", "$1")]
        in_theme = TokenFilter(theme, ColorSystem.TRUECOLOR)
        colours = [visible_colour(in_theme.resolve(style), _of(theme)) for style in kinds]
        assert all(difference(a, b, "all colours") >= 15 for a, b in combinations(colours, 2))

    def test_quoted_identifier_has_the_style_of_a_name(self) -> None:
        assert self.looks("T") == self.looks("t") == PLAIN

    def test_psql_variable_has_its_own_style(self) -> None:
        assert self.looks(":v") == self.looks("$1") != PLAIN

    def test_unknown_type_has_the_style_of_its_parent(self) -> None:
        assert token_style(("Comment", "Single", "New")) == TOKENS["Comment",]
        assert token_style(("Text",)) == token_style(()) == PLAIN


class TestChoice:
    @pytest.mark.parametrize(
        ("environ", "theme"),
        [
            ({}, "terminal"),
            ({"COLORTERM": "truecolor"}, "dark"),
            ({"COLORTERM": "24bit"}, "dark"),
            ({"COLORTERM": "yes"}, "terminal"),
            ({"COLORTERM": "truecolor", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "terminal"),
            ({"COLORTERM": "truecolor", "SSH_TTY": "/dev/pts/1"}, "terminal"),
            ({"COLORTERM": "truecolor", "NO_COLOR": "1"}, "terminal"),
            ({"COLORTERM": "truecolor", "TEXTUAL_COLOR_SYSTEM": "standard"}, "terminal"),
            ({"COLORTERM": "truecolor", "TEXTUAL_COLOR_SYSTEM": "256"}, "terminal"),
        ],
        ids=str,
    )
    def test_dark_is_the_default_only_in_a_near_terminal_with_true_colour(
        self, environ: dict[str, str], theme: str
    ) -> None:
        assert choose_theme(detect(environ, encoding="utf-8")) == theme

    def test_setting_is_used_in_true_colour_too(self) -> None:
        wishes = ScreenSettings(theme=ThemeSetting("terminal", "koonj.toml:2"))
        found = detect({"COLORTERM": "truecolor"}, encoding="utf-8", screen=wishes)
        assert choose_theme(found) == "terminal"

    def test_environment_overrides_the_configuration(self) -> None:
        wishes = ScreenSettings(theme=ThemeSetting("light", "koonj.toml:2"))
        assert choose_theme(detect({}, encoding="utf-8", screen=wishes)) == "light"
        assert choose_theme(detect({"TEXTUAL_THEME": "dark"}, encoding="utf-8", screen=wishes)) == "dark"

    def test_first_existing_theme_is_chosen(self) -> None:
        assert choose_theme(detect({"TEXTUAL_THEME": "mine, nord"}, encoding="utf-8")) == "nord"

    @pytest.mark.parametrize("name", sorted(BUILTIN_THEMES))
    def test_theme_of_textual_is_allowed(self, name: str) -> None:
        assert choose_theme(Terminal(theme=name)) == name
        made = palette(BUILTIN_THEMES[name])
        assert (made is None) is BUILTIN_THEMES[name].ansi

    def test_unknown_theme_is_an_error(self) -> None:
        wishes = ScreenSettings(theme=ThemeSetting("drak", "koonj.toml:2"))
        with pytest.raises(
            ConfigError,
            match=r"^koonj\.toml:2: theme = 'drak': no such theme\. Did you mean 'dark'\?",
        ):
            choose_theme(detect({}, encoding="utf-8", screen=wishes))
        with pytest.raises(ConfigError, match=r"^TEXTUAL_THEME=lihgt: no such theme\. Did you mean 'light'"):
            choose_theme(detect({"TEXTUAL_THEME": "lihgt"}, encoding="utf-8"))


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_screen_uses_only_colours_of_the_theme(project: Project, theme: Theme) -> None:
    """Over ssh, because what is dimmed behind a dialog is not there to be read."""
    project.table(1)
    project.write("002_odd.sql", "BEGIN;\nSELECT 'x', 3; -- no end\n")
    async with project.open((120, 36), Terminal(theme=theme.name, remote=True)) as screen:
        for keys in ([], ["slash", "0"], ["escape", "question_mark"], ["escape", "n"], ["enter", "d"]):
            await screen.press(*keys)
            await screen.pilot.pause(0.05)
            for style in screen_styles(screen.app):
                _in_theme(style, theme)


def _in_theme(style: Style, theme: Theme) -> None:
    if palette(theme) is None:
        assert not any(colour and colour.triplet for colour in (style.color, style.bgcolor)), style
        return
    assert style.color is not None
    assert style.bgcolor is not None
    text, ground = style.color.get_truecolor(), style.bgcolor.get_truecolor()
    if text != Color.parse(RULE_COLOUR[theme.name]).get_truecolor():
        assert contrast(text, ground) >= 4.5, style


async def test_theme_command_wraps_around_and_names_the_setting(project: Project) -> None:
    async with project.open((120, 30)) as screen:
        for name, said in (
            ("dark", 'theme = "dark" in '),
            ("light", 'theme = "light"'),
            ("terminal", "own colours"),
        ):
            screen.main.action_command("theme")
            await screen.until(said)
            assert screen.app.theme == name
            assert screen.app.native_ansi_color is (name == TERMINAL.name)


def test_configuration_file_of_the_user_is_read(project: Project, home: Path) -> None:
    own = home / ".config" / "koonj" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[screen]\ntheme = "dark"\nmouse = true\n')
    true_colour = {"SSH_TTY": "/dev/pts/1", "COLORTERM": "truecolor"}
    foreground = b"38;2;%d;%d;%d" % tuple(_of(DARK).foreground_color)
    with opened(project, environ=true_colour, migrations=2) as terminal:
        assert foreground in terminal.start
        assert b"\x1b[?1000h" in terminal.start  # the mouse is on although the terminal is remote
    own.write_text('[screen]\ntheme = "dark"\n')
    environ = {"SSH_TTY": "/dev/pts/1", "TEXTUAL_COLOR_SYSTEM": "256"}
    with opened(project, environ=environ, migrations=2) as terminal:
        assert b"38;5;" in terminal.start
        assert b"38;2;" not in terminal.start
        assert b"\x1b[?1000h" not in terminal.start


@pytest.mark.parametrize("theme", ["terminal", "dark", "light", "nord", "textual-light"])
async def test_no_color_removes_all_colours(
    project: Project, monkeypatch: pytest.MonkeyPatch, theme: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = detect({"NO_COLOR": "1", "TEXTUAL_THEME": theme}, encoding="utf-8")
    project.table(1)
    async with project.open((80, 24), terminal) as screen:
        await screen.press("question_mark")
        for style in screen_styles(screen.app):
            assert all(colour is None or colour.is_default for colour in (style.color, style.bgcolor))
        await screen.press("escape")
        screen.main.action_command("theme")
        await screen.until("NO_COLOR is set")


def test_textual_reduces_colours_for_limited_terminals() -> None:
    assert Color.parse(DARK.background or "").downgrade(ColorSystem.EIGHT_BIT).number is not None
