"""What a plan says about the rows of the target, in one place."""

from __future__ import annotations

from collections.abc import Iterable

from koonj.humanize import count, listed, number_words, plural, row_words, to_the_second
from koonj.migrations import names
from koonj.runner.run.planned import Plan
from koonj.runner.run.row_check import QuickLimit, RowCheck, RowOutcome

HEAD = {
    RowOutcome.WILL_FAIL: "will fail",
    RowOutcome.MAY_FAIL: "may fail",
    RowOutcome.NOT_KNOWN: "not known",
    RowOutcome.PASSES: "passes",
}
"""The first words of an answer."""


def broken(words: str, relation: str, rows: int, *, groups: bool, at_least: bool) -> str:
    """Return what is wrong: ``1,204 rows of public.documents have owner_id NULL``.

    `words`: of the demand.
    """
    least = "at least " if at_least else ""
    if groups:
        have = "has" if rows == 1 else "have"
        return f"{least}{number_words(rows)} {plural(rows, 'group')} of rows of {relation} {have} {words}"
    return f"{least}{row_words(rows)} of {relation} {_singular(words) if rows == 1 else words}"


def _singular(words: str) -> str:
    """Return the phrase for one row."""
    first, _, rest = words.partition(" ")
    one = {"have": "has", "do": "does", "are": "is"}.get(first, f"{first}s")
    return f"{one} {rest}"


def with_examples(sentence: str, key: tuple[str, ...], examples: tuple[str, ...], *, groups: bool) -> str:
    """Return the sentence with the keys of some rows; of `groups`, one row of each."""
    if not examples:
        return sentence
    named = key[0] if len(key) == 1 else f"({', '.join(key)})"
    those = "one row each with " if groups else ""
    return f"{sentence}, for example {those}{named} {', '.join(examples)}"


def message(outcome: RowOutcome, sentence: str, reason: str) -> str:
    """Return the whole answer."""
    if outcome is RowOutcome.MAY_FAIL:
        return f"{HEAD[outcome]}: now {sentence}; {reason}"
    if outcome is RowOutcome.NOT_KNOWN:
        return f"{HEAD[outcome]} whether {sentence}: {reason}"
    return f"{HEAD[outcome]}: {sentence}"


def unknown_whole(reason: str) -> str:
    """Return the answer about a migration of which koonj does not know what it demands."""
    return f"{HEAD[RowOutcome.NOT_KNOWN]} what this migration demands of the target's rows: {reason}"


def place(check: RowCheck) -> str:
    """Return the line that an answer is about; empty for a whole migration."""
    return f"line {check.line} " if check.line else ""


EXACT_GIVES = {
    QuickLimit.SAMPLE: "to read all",
    QuickLimit.TIME: "with more time",
    QuickLimit.TOTAL_TIME: "to ask all",
}
"""What an exact question does that a quick one did not."""


def checks_of(plan: Plan) -> list[RowCheck]:
    """Return the answers about all migrations of a plan."""
    return [check for one in plan.migrations for check in one.row_checks]


def passing(checks: Iterable[RowCheck]) -> str:
    """Return how many questions found nothing; empty if there is none."""
    number = sum(check.outcome is RowOutcome.PASSES for check in checks)
    return f"the target's rows pass {count(number, 'check')} of this migration" if number else ""


def will_fail(plan: Plan) -> bool:
    """Return whether a statement of the plan will fail on the target's rows."""
    return any(check.outcome is RowOutcome.WILL_FAIL for check in checks_of(plan))


def decisive(plan: Plan) -> str:
    """Return how many questions found what: ``2 will fail, 1 may fail, 3 pass``; empty if none was asked.

    Of several migrations, it names those of which the rows do not pass: ``2 will fail in 005, 007; 3 pass``.
    """
    parts = []
    for outcome, head in HEAD.items():
        found = {
            one.name: sum(check.outcome is outcome for check in one.row_checks) for one in plan.migrations
        }
        if number := sum(found.values()):
            one, more = _COUNTED.get(outcome, (head, head))
            where = [names.number_words(name) for name, hits in found.items() if hits]
            named = outcome is not RowOutcome.PASSES and len(plan.migrations) > 1
            inside = f" in {listed(where, _MOST_NAMED)}" if named else ""
            parts.append(f"{number} {one if number == 1 else more}{inside}")
    between = "; " if len(plan.migrations) > 1 else ", "
    return f"{between.join(parts)} (what the migrations demand of the target's rows)" if parts else ""


_COUNTED = {RowOutcome.PASSES: ("passes", "pass"), RowOutcome.NOT_KNOWN: ("is not known", "are not known")}
_MOST_NAMED = 5


def asked_at(checks: Iterable[RowCheck]) -> str:
    """Return when the target answered; empty if it was not asked."""
    times = [check.at for check in checks if check.at is not None]
    if not times:
        return ""
    return f"The target's rows were asked at {to_the_second(min(times))}; koonj knows nothing of later ones."


def told(checks: Iterable[RowCheck]) -> list[RowCheck]:
    """Return the answers that a plan shows one by one: what fails first."""
    order = [RowOutcome.WILL_FAIL, RowOutcome.MAY_FAIL, RowOutcome.NOT_KNOWN]
    shown = [check for check in checks if check.outcome in order]
    return sorted(shown, key=lambda check: order.index(check.outcome))
