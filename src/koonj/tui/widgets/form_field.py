"""A field of the pattern form: label, input line or choices, note or error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from koonj.patterns.completion import Completion
from koonj.patterns.pattern import Field, FieldKind
from koonj.tui.theme import BAD, DIM, MARKED, PLAIN, STRONG, WARNING
from koonj.tui.toolkit.strips import Part, cut, fit, strip
from koonj.tui.widgets.completion_list import CompletionList
from koonj.tui.widgets.text_line import TextBlock, TextLine

LABEL = 16
"""Cells of a label."""
_UNKNOWN = 200
"""Cells of a placeholder in a line that has no size yet."""


@dataclass(frozen=True, slots=True)
class FieldKeys:
    """Keys that take one of the names that complete a field."""

    complete: frozenset[str] = frozenset()
    next: frozenset[str] = frozenset()
    previous: frozenset[str] = frozenset()


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

    def __init__(self, field: Field, default: str, value: str = "", keys: FieldKeys | None = None) -> None:
        """`value`: what the field contains at the start, as if the user had typed it."""
        super().__init__()
        self._keys = keys or FieldKeys()
        self.field = field
        self.touched = bool(value)
        self.sought = value
        """What the user typed: the completions are for it, also while one of them is in the field."""
        self._default = value or default
        self._value = value
        self._placeholder = ""
        self._filled: str | None = value or None
        """What koonj has filled in."""
        self.is_kept = bool(value)
        """Whether the user has typed here, so that koonj fills in nothing any more."""
        self._taken: str | None = None
        """The completion that is in the field."""

    def compose(self) -> ComposeResult:
        with Horizontal(classes="entry"):
            yield TextLine(classes="label")
            if self.field.choices:
                yield ChoiceField(self.field.choices, self._default)
            else:
                entry = Input(self._value, compact=True, select_on_focus=False)
                entry.cursor_blink = False
                yield entry
        yield TextBlock(classes="advice")
        yield CompletionList()
        yield TextBlock(classes="note")

    def on_mount(self) -> None:
        if not self.is_complete:
            return
        self.query_one(".label", TextLine).parts = ((" " + fit(self.field.label, LABEL - 1), PLAIN),)
        found = self.query_one(CompletionList)
        found.indent, found.display = LABEL, False
        self.show({}, {})

    @property
    def is_complete(self) -> bool:
        """Whether its parts are there. They are not if the form was closed before they were mounted."""
        return bool(self.query(".note")) and bool(self.query(".label"))  # the entry mounts its parts later

    @property
    def value(self) -> str:
        """The typed or chosen value."""
        return self.query_one(ChoiceField).value if self.field.choices else self.query_one(Input).value

    def show(
        self,
        defaults: Mapping[str, str],
        errors: Mapping[str, str],
        *,
        insist: bool = False,
        advice: str = "",
    ) -> None:
        """Show the default or an example if the field is empty, and its error, the advice or its help.

        An error is shown after the user has changed the field, or if `insist` is true. A field that is not
        asked for is only shown if it has one, and from then on if the user types there.
        """
        default = defaults.get(self.field.name, "")
        if not self.field.choices:
            example = f"for example {self.field.example}" if self.field.example else ""
            self._placeholder = default or example
            self._cut_placeholder()
        error = errors.get(self.field.name) if insist or self.touched else None
        self.display = self.field.asked or self.field.name in errors or self.has_focus_within or self.is_kept
        self._tell(error, advice)

    def _tell(self, error: str | None, advice: str) -> None:
        """Show the error or the advice above the completions, in one line if there are any; else the help."""
        told, note = self.query_one(".advice", TextBlock), self.query_one(".note", TextBlock)
        told.display = bool(error or advice)
        told.most = 1 if self.offers else 0
        told.lead = (" " * LABEL + "! ", BAD if error else WARNING)
        told.text = (error or advice, PLAIN)
        note.display = not told.display and self.has_focus_within and bool(self.field.help)
        note.lead, note.text = (" " * (LABEL + 2), PLAIN), (self.field.help, DIM)

    def offer(self, found: tuple[Completion, ...]) -> None:
        """Show the values that complete what the user typed, if the field has the focus."""
        self.query_one(CompletionList).found = found if self.has_focus_within else ()

    @property
    def asks(self) -> bool:
        """Whether the user is typing in it."""
        return self.has_focus_within and not self.field.choices

    @property
    def offers(self) -> bool:
        """Whether completions are shown."""
        return bool(self.query_one(CompletionList).found)

    def fill(self, text: str) -> None:
        """Fill in a value that follows from another field, unless the user has typed here.

        It posts no message: who fills in knows the value.
        """
        if self.is_kept or text == self.value:
            return
        if self.field.choices:
            choice = self.query_one(ChoiceField)
            choice.value = text if text in self.field.choices else choice.value
        else:
            self.query_one(Input).value = self.sought = self._filled = text

    def on_key(self, event: events.Key) -> None:
        """Let Down, Up and Tab take a completion. Enter always goes to the next field."""
        found, completes = self.query_one(CompletionList), event.key in self._keys.complete
        if not found.found or (completes and found.taken is None and self._is_done(found)):
            return
        if event.key in self._keys.next or (completes and found.taken is None):
            taken = 0 if found.taken is None else min(found.taken + 1, len(found.found) - 1)
        elif event.key in self._keys.previous and found.taken is not None:
            taken = found.taken - 1
        else:
            return
        event.stop()
        event.prevent_default()
        text = self.sought if taken < 0 else found.found[taken].value
        found.taken = taken if taken >= 0 else None
        if completes:
            self.sought, found.found = text, ()
        self._put(text)

    def _is_done(self, found: CompletionList) -> bool:
        """Return whether Tab goes to the next field: the text is a name, or a type, which has short forms."""
        return self.value == found.found[0].value or (self.field.kind is FieldKind.TYPE and bool(self.value))

    def _put(self, text: str) -> None:
        entry = self.query_one(Input)
        self._taken = entry.value = text
        entry.cursor_position = len(text)

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
        if event.value != self.value:
            return  # the next message has the present value
        filled, self._filled = self._filled, None
        if event.value == filled:
            return
        self.is_kept = True
        self.touched = self.touched or bool(event.value)
        if event.value != self._taken:
            self.sought, self._taken = event.value, None
        self.post_message(self.Changed(self.field.name))

    def on_choice_field_changed(self, event: ChoiceField.Changed) -> None:
        event.stop()
        self.touched = self.is_kept = True
        self.post_message(self.Changed(self.field.name))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.touched = True
        self.post_message(self.Entered(self))
