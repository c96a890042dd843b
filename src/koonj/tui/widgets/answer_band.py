"""The band below the text of a dialog in which the user types what confirms."""

from __future__ import annotations

from typing import cast

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.sql.display import visible
from koonj.tui.theme import DIM, PLAIN, STRONG
from koonj.tui.theme.fills import DANGER, LIFTED, inked
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.dialog_field import DialogField

LINES = 2
"""Lines of the band."""
_LEAST = 30
"""Cells of the field, unless what is typed is longer."""


class BandLine(Widget):
    """A line of a band: on a ground in themes with fills, else with a bar at its left."""

    ALLOW_SELECT = False
    parts: reactive[tuple[Part, ...]] = reactive(())

    def __init__(self, parts: tuple[Part, ...] = (), *, danger: bool, bar: bool = True) -> None:
        """`bar`: whether it is at the left edge."""
        super().__init__()
        self.set_reactive(BandLine.parts, parts)
        self._danger = danger
        self._bar = bar

    def render_line(self, y: int) -> Strip:
        if cast("KeyedApp", self.app).has_fills:
            ground = DANGER if self._danger else LIFTED
            lead: tuple[Part, ...] = ((" ", PLAIN),) if self._bar else ()
            return (
                strip((*lead, *self.parts), self.size.width).apply_style(ground).apply_style(self.rich_style)
            )
        lead = (("▌", inked("error" if self._danger else "accent")),) if self._bar else ()
        return strip((*lead, *self.parts), self.size.width).apply_style(self.rich_style)


class NameField(DialogField):
    """A field that shows, muted, the letters that are still to be typed.

    They are no suggestion: no key takes them over.
    """

    def __init__(self, expected: str) -> None:
        super().__init__(placeholder=expected)
        self._expected = expected

    def render_line(self, y: int) -> Strip:
        left = self._expected[len(self.value) :]
        at_end = self.cursor_position == len(self.value)
        fits = cell_len(visible(self._expected)) < self.size.width - 2
        if y or not (self.value and left and at_end and fits and self._expected.startswith(self.value)):
            return super().render_line(y)
        cursor = self.get_component_rich_style("input--cursor") if self.has_focus else DIM
        parts: tuple[Part, ...] = ((self.value, STRONG), (left[0], cursor), (left[1:], DIM))
        width = self.scrollable_content_region.width + 1
        return strip(parts, width).apply_style(self.rich_style)


class AnswerBand(Vertical):
    """What to type, the field for it, and how far the user is."""

    def __init__(self, expected: str, verb: str, *, danger: bool) -> None:
        """`verb`: what the answer does: ``apply``."""
        super().__init__()
        self._expected = expected
        self._verb = verb
        self._danger = danger

    def compose(self) -> ComposeResult:
        yield BandLine(((f"To {self._verb}, type {self._expected}", PLAIN),), danger=self._danger)
        with Horizontal():
            lead = BandLine(
                (("› ", inked("error" if self._danger else "accent", bold=True)),), danger=self._danger
            )
            lead.styles.width = 3
            yield lead
            field = NameField(self._expected)
            field.styles.width = max(_LEAST, cell_len(self._expected) + 3)
            yield field
            yield BandLine(danger=self._danger, bar=False)

    def on_mount(self) -> None:
        self.show_typed("")

    def show_typed(self, typed: str) -> None:
        """Show how much of it was typed."""
        of = len(self._expected)
        if self._expected.startswith(typed):
            text, look = f"{len(typed)} of {of} characters", DIM
        else:
            text, look = "different", inked("error", bold=True)
        self.query(BandLine).last().parts = ((f"  {text}", look),)
