"""The screen gives koonj's advice without the options of the command."""

from __future__ import annotations

import pytest

from koonj.runner.impact.gate import _HINTS, _OVERRIDE
from koonj.runner.plan.selection import DECISIONS
from koonj.runner.run.conflict import Conflict
from koonj.tui.render.conflict_hint import screen_hint

HINTS = [
    *(hint for _, hint in DECISIONS.values()),
    *_HINTS.values(),
    f"Fix the file and run: koonj rehearse 001_a.sql. {_OVERRIDE}",
]


def shown(hint: str, *, can_allow: bool = True) -> str:
    text = hint.replace("{name}", "001_a.sql").replace("{target}", " --target local")
    return screen_hint(Conflict("001_a.sql", "late", "", text, can_allow=can_allow))


@pytest.mark.parametrize("hint", HINTS)
def test_no_hint_quotes_a_command(hint: str) -> None:
    text = shown(hint)
    assert not {"--", "koonj ", ":"} & {part for part in ("--", "koonj ", ":") if part in text}
    assert text.endswith(".")


def test_hints_are_sentences() -> None:
    assert [shown(hint) for hint in (HINTS[0], HINTS[-4], HINTS[-1])] == [
        "Give it the next free number, or apply it out of order.",
        "If the data loss is intended, allow it.",
        "Fix the file. To apply it without a verified rollback, allow it.",
    ]


def test_a_hint_about_what_cannot_be_allowed_names_the_key() -> None:
    hint = "To see what can be done, run: koonj settle 3"
    assert shown(hint, can_allow=False) == "To see what can be done, press s"
