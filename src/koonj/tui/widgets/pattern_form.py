"""The form of the pattern palette: what a pattern does, its fields, and the line that writes the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message

from koonj.humanize import count
from koonj.patterns.completion import begins_with, completions
from koonj.patterns.form_facts import lock_words, table_words
from koonj.tui.documents.draft_edits import DraftEdits, edited_words
from koonj.tui.documents.drafts import BlankSource, DraftResult, DraftSource
from koonj.tui.documents.form_values import FormValues, form_values
from koonj.tui.state.file_place import FilePlace, by_weight
from koonj.tui.theme import DIM, PLAIN, WARNING
from koonj.tui.theme.severities import severity_style
from koonj.tui.widgets.completion_list import completion_lines
from koonj.tui.widgets.form_box import FormBox
from koonj.tui.widgets.form_field import FieldKeys, FieldRow
from koonj.tui.widgets.submit_line import WriteLine
from koonj.tui.widgets.text_line import Heading, TextBlock, TextLine
from koonj.tui.workers.catalog_names import FormNames

TALL = 30
"""Lines of a screen with room for more lines about a pattern."""
_LEAST_ABOUT = (2, 3)
"""Lines about a pattern, without and with that room, also if the fields need more than is left."""


class PatternForm(FormBox):
    """The fields of a pattern, and what follows from their values."""

    @dataclass
    class Drafted(Message):
        """Posted when the fields make other drafts, or those of another pattern."""

        result: DraftResult

    def __init__(self, names: FormNames, *, reads: bool) -> None:
        """`reads`: whether names are read for it at all."""
        super().__init__(id="form")
        self.source: DraftSource = BlankSource()
        self.names = names
        """What completes the fields, and what is known of it."""
        self.keys = FieldKeys()
        self._reads = reads
        self._insists = False
        self._has_offered = False
        """Whether there were completions since the pattern was chosen."""
        self._is_changing = False
        """Whether rows of another pattern are about to be shown."""
        self._now: FormValues = form_values(self.source, {})
        self.edits = DraftEdits()
        """What the user has edited by hand in the files."""

    def compose(self) -> ComposeResult:
        yield Heading()
        yield TextBlock(id="about")
        yield TextBlock(id="origin")
        yield TextLine(id="later")
        yield TextBlock(id="names")
        yield TextBlock(id="cost")
        yield VerticalScroll(id="fields", can_focus=False)
        yield TextBlock(id="edited")
        yield TextBlock(id="found")
        yield WriteLine()

    @property
    def rows(self) -> list[FieldRow]:
        """The rows of the form."""
        return list(self.query(FieldRow))

    @property
    def is_ready(self) -> bool:
        """Whether all rows are there: not while they change, and not if the form was closed meanwhile."""
        return not self._is_changing and all(row.is_complete for row in self.rows)

    @property
    def result(self) -> DraftResult:
        """What the fields make now, with what was edited by hand."""
        made = self._now.drafting
        return replace(made, drafts=self.edits.applied(made.drafts)) if self.edits.texts else made

    @property
    def typed(self) -> Mapping[str, str]:
        """The values in the fields."""
        return {row.field.name: row.value for row in self.rows if row.is_complete}

    async def open(
        self, source: DraftSource, values: Mapping[str, str], edits: DraftEdits | None = None
    ) -> None:
        """Show the fields of a pattern, filled with `values`; `Drafted` follows when they are there.

        `edits`: what was edited by hand before in its files.
        """
        self.source, self._insists, self._is_changing = source, False, True
        self._has_offered = False
        self.edits = edits or DraftEdits()
        fields = self.query_one("#fields")
        async with self.batch():
            await fields.remove_children()
            defaults = source.defaults(values)
            rows = [
                FieldRow(field, defaults.get(field.name, ""), values.get(field.name, ""), self.keys)
                for field in source.fields
            ]
            await fields.mount_all(rows)
        self._is_changing = False
        if self.is_ready:
            self.draft()

    def take_names(self, names: FormNames) -> None:
        """Take names that have been read since the form was opened."""
        self.names = names
        if self.rows and self.is_ready:
            self.draft()

    @on(FieldRow.Changed)
    def changed(self) -> None:
        """Compute what follows from a changed field, unless another pattern is about to be shown."""
        if self.is_ready:
            self.draft()

    def keep_edited(self, part: int, name: str, text: str) -> None:
        """Keep the whole text of a file that the user has edited; `name` is what the text calls it."""
        made = next(draft for draft in self._now.drafting.drafts if draft.part == part)
        self._change_edits(self.edits.edited(made, name, text))

    def take_pattern_text(self, parts: Iterable[int]) -> None:
        """Give some files the text of the pattern again."""
        self._change_edits(self.edits.without(parts))

    def _change_edits(self, edits: DraftEdits) -> None:
        self.edits = edits
        self.post_message(self.Drafted(self.result))

    def show_edited(self, names: Mapping[int, str], key: str) -> None:
        """Say which files were edited by hand, and what that means.

        `names`: of the files, by their numbers in the pattern. `key`: takes the pattern's text again.
        """
        line, made = self.query_one("#edited", TextBlock), self._now.drafting.drafts
        words = edited_words(self.edits, made, names, key)
        is_outdated = bool(self.edits.outdated(made) or self.edits.left_out(made))
        line.display = bool(words)
        line.lead = (" ! ", WARNING) if is_outdated else ("   ", PLAIN)
        line.text = (words, PLAIN)

    def show_found(self, places: Iterable[FilePlace]) -> None:
        """Show what is wrong with the files that were edited by hand, the worst first."""
        found, line = by_weight(places), self.query_one("#found", TextBlock)
        line.display, line.most = bool(found), 2
        if found:
            first = found[0]
            where = f"{first.name}:{first.where}" if first.where else first.name
            more = f" ({count(len(found) - 1, 'more problem')})" if found[1:] else ""
            line.lead = (" ! ", severity_style(first.severity))
            line.text = (f"{where}: {first.message}{more}", PLAIN)

    def draft(self) -> None:
        """Compute what follows from the fields, and show it."""
        rows = self.rows
        typed = {row.field.name: row.value for row in rows}
        kept = {row.field.name for row in rows if row.is_kept}
        self._now = form_values(self.source, typed, self.names.catalog, kept)
        for row in rows:
            row.fill(self._now.values[row.field.name])
        self.show_fields()
        self._show_cost()
        self.post_message(self.Drafted(self.result))

    def _show_cost(self) -> None:
        """Show the table with its size, and what the files lock on it."""
        facts = self._now.facts
        self.note = table_words(facts) if facts is not None else ""
        words = lock_words(facts, self.source.locks) if facts is not None else ""
        cost = self.query_one("#cost", TextBlock)
        cost.display, cost.most = bool(words), 1 + self._is_tall
        cost.lead, cost.text = (" ", DIM), (words, PLAIN)

    @property
    def _is_tall(self) -> bool:
        return self.app.size.height >= TALL

    def insist(self) -> FieldRow:
        """Show the errors of all fields; return the first row with one."""
        self._insists = True
        self.show_fields()
        return next(row for row in self.rows if row.field.name in self.result.errors)

    def show_fields(self) -> None:
        """Show defaults, errors, advice and completions.

        It computes only completions: the focus decides these. What does not fit the catalog is not said of a
        name that is not yet typed to its end.
        """
        facts, result = self._now.facts, self.result
        for row in self.rows:
            found = completions(facts, row.field, row.sought) if facts is not None and row.asks else ()
            is_half_typed = begins_with(row.field, row.sought, found)
            advice = "" if is_half_typed else self._now.advice.get(row.field.name, "")
            row.offer(found)
            row.show(result.defaults, result.errors, insist=self._insists, advice=advice)
            if row.offers:
                self._has_offered = True
                self.call_after_refresh(row.scroll_visible, animate=False)
        self.call_after_refresh(self._fit_about)

    def show_head(self, later: str, origin: str) -> None:
        """Show what the pattern does.

        `later`: title of the pattern for the step that must wait; empty if there is none. `origin`: for which
        finding the form is, and what becomes of its file; empty if it is for none.
        """
        self.text = self.source.title
        about = self.query_one("#about", TextBlock)
        about.lead, about.text = (" ", DIM), (" ".join(self.source.description.split()), DIM)
        finding = self.query_one("#origin", TextBlock)
        finding.display, finding.most = bool(origin), 2
        finding.lead, finding.text = (" ! ", WARNING), (origin, PLAIN)
        line = self.query_one("#later", TextLine)
        line.display, line.parts = bool(later), ((f" Later: {later}", PLAIN),)
        self._show_names()
        self._fit_about()
        self.call_after_refresh(self._fit_about)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit_about)

    def _fit_about(self) -> None:
        """Give the text about the pattern the lines that nothing else needs."""
        about, fields = self.query_one("#about", TextBlock), self.query_one("#fields")
        others = sum(one.outer_size.height for one in self.displayed_children if one not in (about, fields))
        free = self.size.height - others - about.styles.margin.height - self._lines_of_fields()
        is_short = self.query_one("#origin").display or self.query_one("#edited").display
        most = max(1 if is_short else _LEAST_ABOUT[self._is_tall], free)
        if about.most != most:
            about.most = most
            about.refresh(layout=True)

    def _lines_of_fields(self) -> int:
        """Return the lines that the fields need; in the form also those of a help and of completions.

        Completions can take lines of other fields: the fields scroll. Once there were some, their lines stay
        free, so that the fields do not move at every letter.
        """
        rows = [row for row in self.rows if row.display]
        if not self.has_focus_within:
            return sum(row.outer_size.height for row in rows)
        names = completion_lines(self.app.size.height) if self._has_offered else 0
        return max(len(rows) + 1, 2 + names)

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
