"""The decisions of a plan as lines: what is allowed, and for which reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len

from koonj.migrations.names import number_words
from koonj.migrations.states import State
from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.conflict import Conflict
from koonj.sql.display import spaced, visible
from koonj.tui.render.facts import NARROW
from koonj.tui.render.plan_table import verdict_look
from koonj.tui.theme import PLAIN, STATES, STRONG, WARNING, glyph
from koonj.tui.toolkit.strips import Part, fit, wrap

ReasonOf = Callable[[Conflict], str]
"""Returns the reason that is recorded for a conflict; empty if it is not known."""

_EDGE, _GAP = "   ", "  "


def no_reason(_conflict: Conflict) -> str:
    """Return no reason, for a plan whose request is not known."""
    return ""


def decision_lines(allowed: Sequence[Conflict], reason_of: ReasonOf, width: int) -> Iterator[list[Part]]:
    """Yield one heading, and for each allowed conflict its glyph, number, state and reason."""
    if not allowed:
        return
    yield []
    yield [(" allowed (recorded in the history):", WARNING)]
    files = dict.fromkeys(conflict.name for conflict in allowed)
    same = Counter(number_words(name) for name in files)
    names = [c.name if same[number_words(c.name)] > 1 else number_words(c.name) for c in allowed]
    states = [spaced(conflict.state) for conflict in allowed]
    first, second = (max(cell_len(visible(text)) for text in texts) for texts in (names, states))
    for conflict, name, state in zip(allowed, names, states, strict=True):
        sign, look = _sign(conflict.state)
        head: list[Part] = [
            (_EDGE, PLAIN),
            (f"{sign} ", look),
            (f"{fit(visible(name), first)}{_GAP}", STRONG),
        ]
        indent = len(_EDGE) + 2 + first + len(_GAP) + second + len(_GAP)
        if width < NARROW:  # the reason has lines of its own
            yield [*head, (state, look)]
            yield from _reason(reason_of(conflict), len(_EDGE) + 2, width)
            continue
        own, *more = _reason(reason_of(conflict), indent, width) or [[]]
        yield [*head, (f"{fit(state, second)}{_GAP}", look), *own[1:]]
        yield from more


def _reason(reason: str, indent: int, width: int) -> list[list[Part]]:
    texts = wrap(" ".join(reason.split()), max(8, width - indent - 1)) if reason else []
    return [[(" " * indent, PLAIN), (visible(text), PLAIN)] for text in texts]


def _sign(state: str) -> Part:
    """Return glyph and style of the state of a migration, or of the verdict of its rehearsal."""
    if state in {one.value for one in State}:
        return glyph(State(state)), STATES[State(state)]
    if state in {one.value for one in Verdict}:
        return verdict_look(Verdict(state))
    return "!", WARNING
