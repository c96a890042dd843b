"""A field of the pattern form: label, input line or choices, note or error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from koonj.patterns.pattern import Field
from koonj.tui.theme import BAD, DIM, MARKED, PLAIN, STRONG
from koonj.tui.toolkit.strips import Part, cut, fit, strip
from koonj.tui.widgets.text_line import TextBlock, TextLine

LABEL = 16
"""Cells of a label."""
_UNKNOWN = 200
"""Cells of a placeholder in a line that has no size yet."""


class ChoiceField(Widget, can_focus=True):
    """A choice between values; Left, Right and Space change it."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "step(1)", "next", show=False),
        Binding("left,h", "step(-1)", "previous", show=False),
        Binding("enter", "app.focus_next", "next field", show=False),
    ]
    value: reactive[str] = reactive("")

    @dataclass
    class Changed(Message):
        """Posted when the user chooses another value."""

        value: str

    def __init__(self, choices: tuple[str, ...], value: str) -> None:
        super().__init__()
        self._choices = choices
        self.set_reactive(ChoiceField.value, value if value in choices else choices[0])

    def action_step(self, step: int) -> None:
        """Choose the next value (or the previous one with -1); wrap around at the end."""
        index = self._choices.index(self.value)
        self.value = self._choices[(index + step) % len(self._choices)]
        self.post_message(self.Changed(self.value))

    def render_line(self, y: int) -> Strip:
        focused = self.has_pseudo_class("focus")
        parts: list[Part] = [(" ", PLAIN)]
        for choice in self._choices:
            is_chosen = choice == self.value
            text = f"[{choice}]" if is_chosen else f" {choice} "
            parts.append((text, MARKED if is_chosen and focused else STRONG if is_chosen else DIM))
        return strip(parts, self.size.width).apply_style(self.rich_style)


class FieldRow(Vertical):
    """A field with its value. The value lives as long as the row."""

    @dataclass
    class Changed(Message):
        """Posted when the user changes the value."""

        name: str

    @dataclass
    class Entered(Message):
        """Posted when the user presses Enter in the field."""

        row: FieldRow

    def __init__(self, field: Field, default: str) -> None:
        super().__init__()
        self.field = field
        self.touched = False
        self._default = default
        self._placeholder = ""

    def compose(self) -> ComposeResult:
        with Horizontal(classes="entry"):
            yield TextLine(classes="label")
            if self.field.choices:
                yield ChoiceField(self.field.choices, self._default)
            else:
                entry = Input(compact=True, select_on_focus=False)
                entry.cursor_blink = False
                yield entry
        yield TextBlock(classes="note")

    def on_mount(self) -> None:
        if not self.is_complete:
            return
        self.query_one(".label", TextLine).parts = ((" " + fit(self.field.label, LABEL - 1), PLAIN),)
        self.show({}, {})

    @property
    def is_complete(self) -> bool:
        """Whether its parts are there. They are not if the form was closed before they were mounted."""
        return bool(self.query(".note"))

    @property
    def value(self) -> str:
        """The typed or chosen value."""
        return self.query_one(ChoiceField).value if self.field.choices else self.query_one(Input).value

    def show(self, defaults: dict[str, str], errors: dict[str, str], *, insist: bool = False) -> None:
        """Show the default or an example if the field is empty, and its error or help.

        An error is shown after the user has changed the field, or if `insist` is true. A field that is not
        asked for is only shown if it has one.
        """
        default = defaults.get(self.field.name, "")
        if not self.field.choices:
            example = f"for example {self.field.example}" if self.field.example else ""
            self._placeholder = default or example
            self._cut_placeholder()
        error = errors.get(self.field.name) if insist or self.touched else None
        self.display = self.field.asked or self.field.name in errors
        note = self.query_one(".note", TextBlock)
        note.display = bool(error) or (self.has_focus_within and bool(self.field.help))
        if error:
            note.lead, note.text = (" " * LABEL + "! ", BAD), (error, PLAIN)
        else:
            note.lead, note.text = (" " * (LABEL + 2), PLAIN), (self.field.help, DIM)

    def on_resize(self) -> None:
        if self.is_complete and not self.field.choices:
            self._cut_placeholder()

    def _cut_placeholder(self) -> None:
        """Cut the placeholder with an ellipsis: an input line cuts it without one."""
        line = self.query_one(Input)
        line.placeholder = cut(self._placeholder, line.content_size.width or _UNKNOWN)

    def focus_entry(self) -> None:
        """Focus the input line or the choices."""
        self.query_one(ChoiceField if self.field.choices else Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.touched = self.touched or bool(event.value)
        self.post_message(self.Changed(self.field.name))

    def on_choice_field_changed(self, event: ChoiceField.Changed) -> None:
        event.stop()
        self.touched = True
        self.post_message(self.Changed(self.field.name))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.touched = True
        self.post_message(self.Entered(self))
