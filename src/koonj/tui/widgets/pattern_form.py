"""The form of the pattern palette: what a pattern does, its fields, and the line that writes the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message

from koonj.patterns.completion import completions
from koonj.patterns.form_facts import cost_words
from koonj.tui.documents.drafts import BlankSource, DraftResult, DraftSource
from koonj.tui.documents.form_values import FormValues, form_values
from koonj.tui.theme import DIM, PLAIN
from koonj.tui.widgets.form_box import FormBox
from koonj.tui.widgets.form_field import FieldRow
from koonj.tui.widgets.submit_line import WriteLine
from koonj.tui.widgets.text_line import Heading, TextBlock, TextLine
from koonj.tui.workers.catalog_names import TargetNames

_TALL = 30
"""Lines of a screen with room for more lines about a pattern."""
_MOST_ABOUT = (2, 3)
"""Maximum lines about a pattern, without and with that room."""


class PatternForm(FormBox):
    """The fields of a pattern, and what follows from their values."""

    @dataclass
    class Drafted(Message):
        """Posted when the fields make other drafts, or those of another pattern."""

        result: DraftResult

    def __init__(self, names: TargetNames, *, reads: bool) -> None:
        """`reads`: whether names are read for it at all."""
        super().__init__(id="form")
        self.source: DraftSource = BlankSource()
        self.names = names
        """What completes the fields, and what is known of it."""
        self._reads = reads
        self._insists = False
        self._now: FormValues = form_values(self.source, {})

    def compose(self) -> ComposeResult:
        yield Heading()
        yield TextBlock(id="about")
        yield TextLine(id="later")
        yield TextBlock(id="names")
        yield VerticalScroll(id="fields", can_focus=False)
        yield WriteLine()

    @property
    def rows(self) -> list[FieldRow]:
        """The rows of the form."""
        return list(self.query(FieldRow))

    @property
    def is_ready(self) -> bool:
        """Whether all rows are there. They are not if the form was closed before they were mounted."""
        return all(row.is_complete for row in self.rows)

    @property
    def result(self) -> DraftResult:
        """What the fields make now."""
        return self._now.drafting

    async def open(self, source: DraftSource, values: Mapping[str, str]) -> None:
        """Show the fields of a pattern, filled with `values`; `Drafted` follows when they are there."""
        self.source, self._insists = source, False
        fields = self.query_one("#fields")
        async with self.batch():
            await fields.remove_children()
            defaults = source.defaults(values)
            rows = [
                FieldRow(field, defaults.get(field.name, ""), values.get(field.name, ""))
                for field in source.fields
            ]
            await fields.mount_all(rows)
        if self.is_ready:
            self.draft()

    def take_names(self, names: TargetNames) -> None:
        """Take names that have been read since the form was opened."""
        self.names = names
        if self.rows and self.is_ready:
            self.draft()

    @on(FieldRow.Changed)
    def draft(self) -> None:
        """Compute what follows from the fields, and show it."""
        rows = self.rows
        typed = {row.field.name: row.value for row in rows}
        kept = {row.field.name for row in rows if row.is_kept}
        self._now = form_values(self.source, typed, self.names.catalog, kept)
        for row in rows:
            row.fill(self._now.values[row.field.name])
        self.show_fields()
        self.note = cost_words(self._now.facts) if self._now.facts is not None else ""
        self.post_message(self.Drafted(self.result))

    def insist(self) -> FieldRow:
        """Show the errors of all fields; return the first row with one."""
        self._insists = True
        self.show_fields()
        return next(row for row in self.rows if row.field.name in self.result.errors)

    def show_fields(self) -> None:
        """Show defaults, errors, advice and completions.

        It computes only completions: the focus decides these.
        """
        facts, result = self._now.facts, self.result
        for row in self.rows:
            row.offer(completions(facts, row.field, row.sought) if facts is not None and row.asks else ())
            row.show(
                result.defaults,
                result.errors,
                insist=self._insists,
                advice=self._now.advice.get(row.field.name, ""),
            )

    def show_head(self, later: str) -> None:
        """Show what the pattern does.

        `later`: title of the pattern for the step that must wait; empty if there is none.
        """
        self.text = self.source.title
        about = self.query_one("#about", TextBlock)
        about.most = _MOST_ABOUT[self.app.size.height >= _TALL]
        about.lead, about.text = (" ", DIM), (" ".join(self.source.description.split()), DIM)
        line = self.query_one("#later", TextLine)
        line.display, line.parts = bool(later), ((f" Later: {later}", PLAIN),)
        self._show_names()

    def _show_names(self) -> None:
        names = self.query_one("#names", TextBlock)
        names.display = self._reads and any(field.catalog for field in self.source.fields)
        names.most, names.lead, names.text = 2, (" ", DIM), (self.names.words, DIM)

    @on(FieldRow.Entered)
    def entered(self, event: FieldRow.Entered) -> None:
        """Focus the next field; after the last one, the line that writes the file."""
        self.show_fields()
        rows = [row for row in self.rows if row.display]
        at = rows.index(event.row)
        if at + 1 < len(rows):
            rows[at + 1].focus_entry()
        else:
            self.query_one(WriteLine).focus()
