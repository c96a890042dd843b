"""What is known of an interrupted migration, and what the user can do, as lines of a dialog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.style import Style

from koonj.humanize import count
from koonj.migrations.history_entry import Action
from koonj.postgres.leftovers import Leftover
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.interruption_wording import end_session_words, finding_words
from koonj.runner.evidence.offer import Offer
from koonj.tui.documents.sent_statement import SentStatement
from koonj.tui.render.history_entry_text import entry_words
from koonj.tui.render.offer_text import choice_text
from koonj.tui.render.run_lines import Line
from koonj.tui.theme import ACCENT, DIM, PLAIN, STRONG, WARNING
from koonj.tui.toolkit.strips import wrap

_CHOICE = 6
"""Cells before the explanation of a choice."""


def statement_lines(interruption: Interruption, sent: SentStatement | None, width: int) -> Iterator[Line]:
    """Yield which statement was sent last: its place, its number, and its first line."""
    entry, number = interruption.entry, interruption.statement
    script = "rollback" if entry.action is Action.ROLLBACK else "body"
    which = f"statement {number} of {entry.statements_total} of the {script}" if number else ""
    place = sent.place if sent is not None else entry.name
    if len(place) + len(which) + 4 <= width:
        yield [(f" {place}", STRONG), (f"  {which}", PLAIN)]
    else:
        yield from _lines(place, width, 1, STRONG)
        yield from _lines(which, width, 1)
    if sent is not None:
        more = f"  … {count(sent.more_lines, 'more line')}" if sent.more_lines else ""
        yield [("   ", PLAIN), *sent.first_line, (more, DIM)]
    yield from _lines(entry_words(entry), width, 1, DIM)


def known_lines(interruption: Interruption, leftovers: Iterable[Leftover], width: int) -> Iterator[Line]:
    """Yield what was found on the target, and what other statements have left there."""
    yield from _lines(finding_words(interruption), width, 1)
    for leftover in leftovers:
        yield from _marked(leftover.problem, width)
        yield from _lines(leftover.repair, width, 3, ACCENT)


def choice_lines(interruption: Interruption, choices: Sequence[Offer], width: int) -> Iterator[Line]:
    """Yield the choices with their keys, and what each does."""
    for key, offer in enumerate(choices, start=1):
        text = choice_text(offer, interruption)
        yield []
        yield [(f"   {key}  ", STRONG), (text.title, STRONG)]
        yield from _lines(text.effect, width, _CHOICE)
        for command in text.commands:
            yield from _lines(command, width, _CHOICE + 2, ACCENT)


def running_lines(interruption: Interruption, refresh: str, width: int) -> Iterator[Line]:
    """Yield what to do as long as a session is at work. `refresh`: the key that reads the target again."""
    yield []
    yield from _lines(f"Wait until it has ended. To read the target again, press {refresh}.", width, 1)
    yield from _lines(f"{end_session_words(interruption)}", width, 1)


def _marked(text: str, width: int) -> Iterator[Line]:
    for index, line in enumerate(wrap(text, width - 4)):
        yield [("   " if index else " ! ", WARNING), (line, PLAIN)]


def _lines(text: str, width: int, edge: int, style: Style = PLAIN) -> Iterator[Line]:
    return ([(" " * edge, PLAIN), (line, style)] for line in wrap(text, width - edge - 1) if line)
