"""The form of the pattern palette: in a wide screen of a theme with fills, its title stands in a border."""

from __future__ import annotations

from rich.segment import Segment
from textual.containers import Vertical
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.theme import DIM
from koonj.tui.toolkit.strips import cut
from koonj.tui.toolkit.textual_private import draw_own_frame
from koonj.tui.widgets.frame_lines import BOTTOM, TOP, edge, frame_look, title_parts
from koonj.tui.widgets.text_line import Heading


class FormBox(Vertical):
    """The fields of a pattern below their title."""

    text: reactive[str] = reactive("")
    raised: reactive[bool] = reactive(default=False)
    """Whether the focus is in the form."""
    note: reactive[str] = reactive("")
    """What stands at the right of the title: the table and its size."""
    framed: reactive[bool] = reactive(default=False, init=False)

    def on_mount(self) -> None:
        draw_own_frame(self, self)

    def watch_text(self, text: str) -> None:
        for heading in self.query(Heading):
            heading.text = text

    def watch_note(self, note: str) -> None:
        for heading in self.query(Heading):
            heading.note = note

    def watch_raised(self, raised: bool) -> None:  # noqa: FBT001 - Textual calls it
        for heading in self.query(Heading):
            heading.raised = raised

    def watch_framed(self, framed: bool) -> None:  # noqa: FBT001 - Textual calls it
        self.styles.border = ("round", "transparent") if framed else None
        for heading in self.query(Heading):
            heading.display = not framed

    def frame_edge(self, width: int, *, is_top: bool) -> Strip:
        """Return the upper border with the title, or the lower one."""
        left = title_parts("", self.text, "accent", focused=self.raised) if is_top else ()
        look = frame_look("accent", focused=self.raised)
        note = [(f" {cut(self.note, width // 2)} ", DIM)] if is_top and self.note else ()
        return edge(left, note, width, look, TOP if is_top else BOTTOM).apply_style(self.rich_style)

    def frame_side(self) -> Segment:
        """Return the border at the left and at the right."""
        return Segment("│", self.rich_style + frame_look("accent", focused=self.raised))
