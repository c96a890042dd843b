"""A plan as lines, for the dialog that asks before a run changes the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from koonj.humanize import count
from koonj.postgres.connection_string import other_settings
from koonj.postgres.locks.trace import LockMode
from koonj.runner.impact.plan_summary import (
    NO_LOCKS,
    heaviest_of,
    limits_words,
    modes_words,
    plan_rows,
    unknown_words,
    verdict_groups,
)
from koonj.runner.impact.plan_wording import ESTIMATED, LONG, NOTE, has_sizes, lock_limits, rehearsed_words
from koonj.runner.preflight.wording import asked_at, checks_of, decisive, will_fail
from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan, PlannedLock, PlannedMigration
from koonj.tui.render.decision_lines import ReasonOf, decision_lines, no_reason
from koonj.tui.render.facts import NARROW, fact_lines, fact_parts, target_band
from koonj.tui.render.lock_meter import meter
from koonj.tui.render.plan_table import plan_table, verdict_look
from koonj.tui.render.row_check_lines import row_check_lines
from koonj.tui.render.run_lines import Line, conflict_lines
from koonj.tui.state.screen_advice import KeyNow, in_keys
from koonj.tui.theme import ACCENT, DIM, PLAIN, STRONG, WAITING, WARNING
from koonj.tui.toolkit.key_names import default_key
from koonj.tui.toolkit.strips import Part, wrap

_DSN = 2
"""Maximum lines of the connection string."""


def heading(plan: Plan) -> str:
    """Return the question, with the target."""
    what = count(len(plan.migrations), "migration")
    if plan.direction is Direction.APPLY:
        together = " in one transaction" if plan.batch else ""
        return f"Apply {what} to {plan.target}{together}?"
    return f"Roll back {what} on {plan.target}?"


def plan_lines(
    plan: Plan,
    dsn: str,
    width: int,
    *,
    fills: bool = False,
    refusal: str = "",
    reason_of: ReasonOf = no_reason,
    key: KeyNow = default_key,
    exactly: str = "",
) -> list[Line]:
    """Return the target, what decides, the table, and then all details.

    `fills`: whether the theme has backgrounds; `refusal`: why the migrations cannot be in one transaction;
    `reason_of`: gives the reason for what is allowed; `key`: returns the current key for a default key;
    `exactly`: the key that asks the target for all rows.
    """
    plan = _in_keys(plan, key)
    lines = target_band(plan.target, plan.server, width, protected=plan.protected, fills=fills)
    lines += _facts(plan, width)
    if more := other_settings(dsn):
        lines += fact_lines("dsn", more, width)[:_DSN]
    lines += fact_parts("batch", [[("! ", WARNING), (refusal, PLAIN)]], width) if refusal else []
    lines += decision_lines(plan.allowed, reason_of, width)
    lines += [line for conflict in plan.conflicts for line in conflict_lines(conflict, width)]
    if plan.migrations:
        lines += [[], *([(" ", PLAIN), *line] for line in plan_table(plan_rows(plan), width - 2))]
    lines += _notes(plan, width)
    if plan.migrations:
        lines += [[], [(" Statements", ACCENT)]]
    for number, migration in enumerate(plan.migrations):
        lines += [*([[]] if number else []), *_migration(migration, width, exactly)]
    if has_sizes(plan):
        lines += [[]] + [[(" " + text, DIM)] for text in wrap(ESTIMATED, width - 2)]
    if when := asked_at(checks_of(plan)):
        lines += [[]] + [[(" " + text, DIM)] for text in wrap(when, width - 2)]
    return lines


def _in_keys(plan: Plan, key: KeyNow) -> Plan:
    """Return a plan that names keys, not commands. They are those of the screen behind the dialog."""
    advised = partial(in_keys, key=key, before=("Esc",))
    return replace(
        plan,
        notes=tuple(map(advised, plan.notes)),
        migrations=tuple(
            replace(
                m,
                verdict_message=advised(m.verdict_message),
                row_checks=tuple(replace(c, message=in_keys(c.message, key)) for c in m.row_checks),
            )
            for m in plan.migrations
        ),
    )


def _facts(plan: Plan, width: int) -> list[Line]:
    """Return how many run, in which transactions, what the rehearsals say, and the heaviest lock."""
    number: Part = (f"{len(plan.migrations)}  ", STRONG)
    lines = fact_parts("migrations", [[number, (modes_words(plan), PLAIN)]], width)
    groups = verdict_groups(plan)
    if groups:
        lines += fact_parts("rehearsal", [_verdict(group.verdict, group.words) for group in groups], width)
        if rows := decisive(plan):
            lines += fact_parts("rows", [[(rows, WARNING if will_fail(plan) else PLAIN)]], width)
        lines += fact_parts("locks", list(_locks(plan)), width)
    limits = limits_words(plan)
    total: Part = (f"{plan.statements}  ", STRONG)
    return lines + fact_parts("statements", [[total, (limits, PLAIN)]], width)


def _verdict(verdict: Verdict, words: str) -> list[Part]:
    glyph, look = verdict_look(verdict)
    return [(f"{glyph} ", look), (words, DIM if verdict is Verdict.VERIFIED else look)]


def _locks(plan: Plan) -> Iterator[list[Part]]:
    """Yield the heaviest lock, and which locks are not known."""
    found, unknown = heaviest_of(plan.migrations), unknown_words(plan)
    if found is not None:
        sign, look = meter(found.mode)
        where: list[Part] = [(f"{found.number}  ", DIM)] if len(plan.migrations) > 1 else []
        yield [*where, (f"{sign} ", look), (found.words, PLAIN)]
    if unknown:
        yield [(unknown, WAITING)]
    elif found is None:
        yield [(NO_LOCKS, DIM)]


def _notes(plan: Plan, width: int) -> list[Line]:
    return [line for note in plan.notes for line in ([], *([(" " + t, DIM)] for t in wrap(note, width - 2)))]


def _migration(migration: PlannedMigration, width: int, exactly: str) -> list[Line]:
    lines: list[Line] = [[(" " + migration.name, STRONG)]]
    facts = f"{migration.explanation}; {lock_limits(migration)}"
    if migration.from_history:
        facts += ". The file is missing. This is the text from koonj.history."
    if migration.statements_done:
        done = count(migration.statements_done, "statement")
        facts += f". {done} already committed by an earlier run; skipped."
    lines += [[("   " + text, DIM)] for text in wrap(facts, width - 4)]
    verdict = rehearsed_words(migration)
    looks = DIM if migration.verdict == Verdict.VERIFIED.value else WARNING
    lines += [[("   " + text, looks)] for text in wrap(verdict, width - 4) if verdict]
    for statement in migration.statements[migration.statements_done :]:
        where = "" if statement.in_transaction else "  (outside a transaction)"
        texts = wrap(statement.summary + where, width - 12)
        lines.append([(f"   {statement.line:>5}  ", DIM), (texts[0], PLAIN)])
        lines += [[(" " * 10 + text, PLAIN)] for text in texts[1:]]
        lines += [line for lock in statement.locks or () for line in _lock(lock, width)]
    exact = f"press {exactly}" if exactly else ""
    return [*lines, *row_check_lines(migration.row_checks, width, exact)]


def _lock(lock: PlannedLock, width: int) -> list[Line]:
    """Return the effect of a lock, then how busy the relation is."""
    looks = WARNING if lock.impact >= LONG else DIM if lock.impact <= NOTE else PLAIN
    edge = 10 if width >= NARROW else 4
    sign, tone = meter(LockMode(lock.mode))
    texts = wrap(lock.effect, width - edge - len(sign) - 3)
    lines: list[Line] = [[(" " * edge, PLAIN), (sign, tone), (f" {texts[0]}", looks)]]
    room = " " * (edge + len(sign) + 1)
    lines += [[(room + text, looks)] for text in texts[1:]]
    busy = wrap(lock.activity, width - len(room) - 4) if lock.activity else []
    return [*lines, *([(f"{room}  {text}", DIM)] for text in busy)]
