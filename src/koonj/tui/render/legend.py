"""The legend: the glyph, word and meaning of each state and verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.style import Style

from koonj.migrations.migration_status import DECISIVE
from koonj.migrations.states import MEANINGS
from koonj.runner.rehearse.rehearsal_wording import MEANINGS as MEANINGS_OF_VERDICTS
from koonj.sql.display import spaced
from koonj.tui.render.run_lines import Line
from koonj.tui.state.rehearsals import REHEARSING, REHEARSING_GLYPH, verdict_mark
from koonj.tui.theme import ACCENT, MOVING, PLAIN, STATES, glyph
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import wrap

_OF_STATES, _OF_VERDICTS = "States of a migration on a target", "Verdicts of a rehearsal"


@dataclass(frozen=True, slots=True)
class Sign:
    """A glyph, its word and its meaning."""

    heading: str
    glyph: str
    word: str
    meaning: str
    look: Style


SIGNS = (
    *(
        Sign(
            _OF_STATES,
            glyph(state),
            spaced(state),
            text + ("; stops an apply" if state in DECISIVE else ""),
            look,
        )
        for state, text in MEANINGS.items()
        for look in (STATES[state],)
    ),
    *(
        Sign(_OF_VERDICTS, sign, word, MEANINGS_OF_VERDICTS[verdict], VERDICTS[verdict])
        for verdict in MEANINGS_OF_VERDICTS
        for sign, word, _ in (verdict_mark(verdict),)
    ),
    Sign(_OF_VERDICTS, REHEARSING_GLYPH, REHEARSING, "its rehearsal is in progress", MOVING),
)
"""The signs of all states and verdicts, in the order of the legend."""


def matching_signs(typed: str) -> list[Sign]:
    """Return the signs whose texts contain every typed word."""
    words = typed.lower().split()
    return [s for s in SIGNS if all(w in f"{s.heading} {s.word} {s.meaning}".lower() for w in words)]


def legend_lines(signs: Sequence[Sign], width: int) -> Iterator[Line]:
    """Yield a heading for each kind, then glyph, word and meaning of its signs."""
    longest = 2 + max(len(sign.word) for sign in SIGNS)
    for heading, members in groupby(signs, lambda sign: sign.heading):
        yield from ([], [(f" {heading}", ACCENT)])
        for sign in members:
            texts = wrap(sign.meaning, width - longest - 6)
            yield [(f"   {sign.glyph} {sign.word.ljust(longest)}", sign.look), (texts[0], PLAIN)]
            for text in texts[1:]:
                yield [(" " * (longest + 5) + text, PLAIN)]
