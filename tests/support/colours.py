"""Measure colours: contrast, distance, and how colour-blind people see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.filter import ANSIToTruecolor

_Rows = Sequence[Sequence[float]]
BLINDNESS: Mapping[str, _Rows] = {
    "all colours": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Machado, Oliveira, Fernandes 2009, severity 1.0; for linear RGB."""


def visible_colour(style: Style, palette: TerminalTheme) -> ColorTriplet:
    """Return the colour of a text in `style`, after Textual's own filter."""
    ground = Color.from_triplet(palette.background_color)
    whole = Style(color="default", bgcolor="default") + style
    colour = ANSIToTruecolor(palette).truecolor_style(whole, ground).color
    assert colour is not None
    return colour.get_truecolor(palette)


def in_256(colour: ColorTriplet) -> ColorTriplet:
    """Return the colour that a terminal with 256 colours shows instead."""
    return Color.from_triplet(colour).downgrade(ColorSystem.EIGHT_BIT).get_truecolor()


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """Return the contrast ratio of WCAG 2.2, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def difference(one: ColorTriplet, other: ColorTriplet, eyes: str) -> float:
    """Return the distance of two colours (CIE 1976), as `eyes` see them.

    A distance of 2 is just noticeable.
    """
    pairs = zip(_lab(one, BLINDNESS[eyes]), _lab(other, BLINDNESS[eyes]), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


def _linear(colour: ColorTriplet) -> list[float]:
    parts = [part / 255 for part in colour]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _luminance(colour: ColorTriplet) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _lab(colour: ColorTriplet, eyes: _Rows) -> tuple[float, float, float]:
    linear = _linear(colour)
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in eyes
    )
    x = _root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047)
    y = _root(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    z = _root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(part: float) -> float:
    return float(part ** (1 / 3)) if part > 0.008856 else 7.787 * part + 16 / 116
