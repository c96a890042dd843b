"""The first line of a screen over the main screen: which screen, which target, and what is in it."""

from __future__ import annotations

from typing import cast

from rich.cells import cell_len
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.config import Target
from koonj.tui.render.target_tone import target_sign, target_tone
from koonj.tui.theme import ACCENT, PLAIN, RAISED
from koonj.tui.theme.fills import DANGER, SURFACE, filled, inked
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, strip


class PlaceLine(Widget):
    """The title of the screen, the target as the main screen shows it, and more."""

    ALLOW_SELECT = False

    details: reactive[tuple[Part, ...]] = reactive(())
    """What stands after title and target."""

    def __init__(self, title: str, target: Target | None = None) -> None:
        """`target`: None if the screen is not about one."""
        super().__init__()
        self._title = title
        self._target = target

    def render_line(self, y: int) -> Strip:
        line = strip([self._lead(), *self._chip(), *self.details], self.size.width)
        if self._has_fills:
            line = line.apply_style(DANGER if self._is_protected else SURFACE)
        return line.apply_style(self.rich_style)

    def room(self, width: int) -> int:
        """Return the cells that title and target leave to the details in a line of `width` cells."""
        return width - sum(cell_len(text) for text, _ in (self._lead(), *self._chip())) - 1

    def _lead(self) -> Part:
        return (f" {self._title}  ", ACCENT)

    @property
    def _has_fills(self) -> bool:
        return cast("KeyedApp", self.app).has_fills

    @property
    def _is_protected(self) -> bool:
        return self._target is not None and self._target.protected

    def _chip(self) -> list[Part]:
        if self._target is None:
            return []
        guard = " PROTECTED" if self._is_protected else ""
        if not self._has_fills:
            return [(f" ► {self._target.name}{guard} ", RAISED), ("  ", PLAIN)]
        chip = (f" {target_sign(self._target)} {self._target.name} ", filled(target_tone(self._target)))
        return [chip, (f"{guard}  ", inked("error", bold=True))]
