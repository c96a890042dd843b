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
    PLAIN,
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
from koonj.tui.toolkit.capabilities import Terminal, detect
from koonj.tui.toolkit.textual_private import screen_styles
from support.colours import BLINDNESS, contrast, difference, in_256, visible_colour
from support.pty_terminal import opened
from support.screen import Project

OWN = [DARK, LIGHT]
READ = [PLAIN, DIM, STRONG, GOOD, WAITING, BAD, WARNING, ACCENT, *TOKENS.values()]
RULE = {theme.name: Color.parse(theme.variables["border"]).get_truecolor() for theme in OWN}
TOLD_APART = {"good": GOOD, "waiting": WAITING, "bad": BAD, "warning": WARNING}


def _of(theme: Theme) -> TerminalTheme:
    made = palette(theme)
    assert made is not None
    return made


@pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
@pytest.mark.parametrize("style", READ, ids=str)
def test_text_has_the_contrast_of_wcag(theme: Theme, style: Style) -> None:
    ground = _of(theme).background_color
    text = visible_colour(style, _of(theme))
    assert contrast(text, ground) >= 4.5
    assert contrast(in_256(text), in_256(ground)) >= 4.5


@pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
def test_selected_text_has_the_contrast_of_wcag(theme: Theme) -> None:
    ground = Color.parse(theme.variables["input-selection-background"]).get_truecolor()
    assert contrast(Color.parse(theme.foreground or "").get_truecolor(), ground) >= 4.5


@pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
@pytest.mark.parametrize("eyes", BLINDNESS)
def test_states_differ_for_all_kinds_of_colour_vision(theme: Theme, eyes: str) -> None:
    colours = {name: visible_colour(style, _of(theme)) for name, style in TOLD_APART.items()}
    for one, other in combinations(colours, 2):
        assert difference(colours[one], colours[other], eyes) >= 20, (one, other)
        in_few = difference(in_256(colours[one]), in_256(colours[other]), eyes)
        assert in_few >= 20, (one, other, "256 colours")


def test_every_state_has_its_own_glyph() -> None:
    assert set(STATES) == {None, *GLYPHS}
    assert len(set(GLYPHS.values())) == len(GLYPHS)


def test_only_readable_colours_are_used() -> None:
    used = {style.color.name for style in (*READ, *STATES.values()) if style.color}
    assert used == {"green", "yellow", "red", "magenta", "cyan"}  # no blue and no bright colours


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
        assert len({self.looks(text) for text in kinds}) == len(kinds)

    @pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
    def test_token_types_differ_in_every_theme(self, theme: Theme) -> None:
        kinds = [self.looks(text) for text in ("-- c\n", "ALTER", "15", "x", "t", "$1")]
        colours = [visible_colour(style, _of(theme)) for style in kinds]
        assert all(difference(a, b, "all colours") >= 15 for a, b in combinations(colours, 2))

    def test_quoted_identifier_has_the_style_of_a_name(self) -> None:
        assert self.looks("T") == self.looks("t") == PLAIN

    def test_psql_variable_has_its_own_style(self) -> None:
        assert self.looks(":v") == self.looks("$1") != PLAIN

    def test_unknown_type_has_the_style_of_its_parent(self) -> None:
        assert token_style(("Comment", "Single", "New")) == TOKENS["Comment",]
        assert token_style(("Text",)) == token_style(()) == PLAIN


class TestChoice:
    def test_default_is_the_terminal_theme(self) -> None:
        assert choose_theme(detect({}, encoding="utf-8")) == "terminal"

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
    project.table(1)
    project.write("002_odd.sql", "BEGIN;\nSELECT 'x', 3; -- no end\n")
    async with project.open((120, 36), Terminal(theme=theme.name)) as screen:
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
    assert contrast(text, ground) >= (4 if text == RULE[theme.name] else 4.5), style


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
    foreground = b"38;2;%d;%d;%d" % tuple(_of(DARK).foreground_color)
    with opened(project, environ={"SSH_TTY": "/dev/pts/1"}, migrations=2) as terminal:
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
