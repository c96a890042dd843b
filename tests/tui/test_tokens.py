"""The colours of `dark` and `light`: contrast of every pair, states for all eyes, and fewer colours."""

from __future__ import annotations

from itertools import combinations

import pytest
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from koonj.tui.theme import DARK, LIGHT, MARKED, RAISED, TERMINAL, palette
from koonj.tui.theme.token_filter import TokenFilter, token_colour
from koonj.tui.theme.tokens import TOKENS, TONES, token, token_name
from support.colours import BLINDNESS, contrast, difference

OWN = ["dark", "light"]
SYSTEMS = [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT]
TEXTS = ("text", "muted", "accent", *TONES, "keyword", "string", "number", "type")
GROUNDS = ("background", "surface", "raised", "selected", "danger")
TOLD_APART = ("ok", "warn", "alert", "error")
DISTANCE = {"dark": 25, "light": 22}
"""At least this distance in true colour; 20 with fewer colours."""


def _shown(name: str, own: str, system: ColorSystem) -> ColorTriplet:
    """Return the colour that the terminal shows for a token."""
    return token_colour(name, own, system).downgrade(system).get_truecolor()


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("name", TEXTS)
def test_every_text_has_the_contrast_of_wcag_on_every_ground(
    name: str, own: str, system: ColorSystem
) -> None:
    grounds = [*GROUNDS, *([f"{name}-tint"] if name in TONES else [])]
    for ground in grounds:
        found = contrast(_shown(name, own, system), _shown(ground, own, system))
        assert found >= 4.5, (ground, round(found, 2))


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("fill", ["accent", *TONES])
def test_text_on_a_fill_has_the_contrast_of_wcag(fill: str, own: str, system: ColorSystem) -> None:
    assert contrast(_shown("background", own, system), _shown(fill, own, system)) >= 4.5


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("eyes", BLINDNESS)
def test_states_differ_for_all_kinds_of_colour_vision(own: str, eyes: str, system: ColorSystem) -> None:
    least = DISTANCE[own] if system is ColorSystem.TRUECOLOR else 20
    for one, other in combinations(TOLD_APART, 2):
        found = difference(_shown(one, own, system), _shown(other, own, system), eyes)
        assert found >= least, (one, other, round(found, 1))


def test_a_token_is_found_again_by_its_colour() -> None:
    assert [token_name(token(name)) for name in TOKENS] == list(TOKENS)
    assert token_name(None) is None
    assert token_name(Color.parse("red")) is None
    assert token_name(Color.parse("#123456")) is None


def _no_token(style: Style) -> bool:
    return token_name(style.color) is None and token_name(style.bgcolor) is None


class TestFilter:
    @pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
    def test_tokens_become_the_colours_of_the_theme(self, theme: object) -> None:
        found = TokenFilter(DARK if theme is DARK else LIGHT, ColorSystem.TRUECOLOR)
        for name, colours in TOKENS.items():
            style = found.resolve(Style(color=token(name), bgcolor=token(name), bold=True))
            wanted = Color.parse(colours.dark if theme is DARK else colours.light).triplet
            assert style.color is not None
            assert style.bgcolor is not None
            assert (style.color.triplet, style.bgcolor.triplet, style.bold) == (wanted, wanted, True)

    def test_dim_text_is_muted(self) -> None:
        found = TokenFilter(DARK, ColorSystem.TRUECOLOR).resolve(
            Style(color=TOKENS["text"].dark, bgcolor=TOKENS["surface"].dark, dim=True)
        )
        assert found.color is not None
        assert found.color.triplet == Color.parse(TOKENS["muted"].dark).triplet
        assert not found.dim

    def test_colours_of_a_stylesheet_are_not_rounded(self) -> None:
        found = TokenFilter(DARK, ColorSystem.EIGHT_BIT).resolve(
            Style(color=TOKENS["text"].dark, bgcolor=TOKENS["selected"].dark)
        )
        assert found.bgcolor == Color.from_ansi(237)

    def test_selection_is_reversed_in_light_with_256_colours(self) -> None:
        found = TokenFilter(LIGHT, ColorSystem.EIGHT_BIT).resolve(MARKED)
        assert found.reverse
        assert not TokenFilter(LIGHT, ColorSystem.TRUECOLOR).resolve(MARKED).reverse

    def test_16_colours_have_no_fills(self) -> None:
        found = TokenFilter(TERMINAL, ColorSystem.STANDARD)
        base = Style(color="default", bgcolor="default")
        assert found.resolve(base + MARKED) == base + Style(reverse=True)
        assert found.resolve(base + RAISED) == base + Style(reverse=True, bold=True)
        for name in TOKENS:
            style = found.resolve(base + Style(color=token(name), bgcolor=token(name)))
            assert _no_token(style)
            assert style.bgcolor is not None
            assert style.bgcolor.is_default

    def test_badge_in_16_colours_is_coloured_text(self) -> None:
        style = Style(color=token("error"), bgcolor=token("error-tint"), bold=True)
        found = TokenFilter(TERMINAL, ColorSystem.STANDARD).resolve(style)
        assert found == Style(color="red", bgcolor="default", bold=True)

    def test_filled_chip_in_16_colours_is_reversed(self) -> None:
        style = Style(color=token("background"), bgcolor=token("error"), bold=True)
        found = TokenFilter(TERMINAL, ColorSystem.STANDARD).resolve(style)
        assert found == Style(color="red", bgcolor="default", bold=True, reverse=True)


def test_16_colours_of_a_theme_are_its_tokens() -> None:
    made = palette(DARK)
    assert isinstance(made, TerminalTheme)
    assert made.ansi_colors[1] == Color.parse(TOKENS["error"].dark).triplet
    assert made.background_color == Color.parse(TOKENS["background"].dark).triplet
