"""Describe an interrupted apply or rollback: what is known, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.migration import Migration
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.statement_evidence import Effect

if TYPE_CHECKING:
    from koonj.migrations.migration_status import MigrationStatus
    from koonj.runner.run.events import InterruptionSettled


def place_words(interruption: Interruption, migration: Migration | None) -> str:
    """Return where it stopped, or where it is: ``at statement 2 of 3: create index i on a``."""
    entry = interruption.entry
    if not interruption.statement:
        return f"after {entry.statements_done} of {entry.statements_total} statements"
    summary = statement_summary(migration, entry, interruption.statement)
    what = f": {summary}" if summary else ""
    return f"at statement {interruption.statement} of {entry.statements_total}{what}"


def statement_summary(migration: Migration | None, entry: HistoryEntry, index: int) -> str:
    """Return the summary of a statement of the script that ran; empty if the file is not the one that ran."""
    if migration is None or migration.file_hash != entry.file_hash:
        return ""
    shape = migration.rollback_shape if entry.action is Action.ROLLBACK else migration.shape
    statements = () if shape is None else [s for step in shape.steps for s in step.statements]
    return statements[index - 1].summary if 0 < index <= len(statements) else ""


def finding_words(interruption: Interruption) -> str:
    """Return what is known, in sentences."""
    entry, statement = interruption.entry, interruption.statement
    total = entry.statements_total
    if interruption.is_running:
        what = f"Statement {statement} of {total}" if statement else "It"
        return f"{what} is at work on the server (pid {interruption.pid})."
    if interruption.evidence is None:
        return (
            f"{entry.statements_done} of {total} statements are committed. No other one was under way: its "
            "session has ended."
        )
    effect = interruption.evidence.effect
    if interruption.has_failed:
        return (
            f"{entry.statements_done} of {total} statements are committed. Statement {statement} failed. "
            f"{interruption.evidence.text}"
        )
    least = "" if effect is Effect.NOT else "At least "
    return (
        f"{least}{entry.statements_done} of {total} statements are committed. Statement {statement} was "
        f"sent, its session has ended, and its end is not recorded. {interruption.evidence.text}"
    )


def way_on_words(interruption: Interruption) -> str:
    """Return what the next run does by itself; empty if the user must decide."""
    done, entry = interruption.known_done, interruption.entry
    if done is None:
        return ""
    first = f"runs {'; '.join(interruption.repair)}, and then " if interruption.repair else ""
    if done != entry.statements_done:
        first += f"records that statement {done} is done, and "
    if done == entry.statements_total:
        return f"koonj {first}has nothing more to run of it."
    again = interruption.statement if interruption.statement == done + 1 else 0
    if again and interruption.evidence is not None and interruption.evidence.effect is not Effect.NOT:
        return f"koonj {first}runs statement {again} again."
    return f"koonj {first}continues with statement {done + 1}."


def offer_words(interruption: Interruption, status: MigrationStatus, target_option: str) -> Iterator[str]:
    """Yield what the user can do, one sentence with a command each."""
    from koonj.runner.evidence.offer import Offer, offers  # noqa: PLC0415 - most runs were not interrupted

    statement, evidence = interruption.statement, interruption.evidence
    settle = f"koonj settle {status.number}{target_option}"
    if interruption.is_running:
        yield "Wait until it has ended, then ask again: koonj status" + target_option
        yield end_session_words(interruption)
    for offer in offers(interruption, status):
        match offer:
            case Offer.CONTINUE:
                verb = "rollback" if interruption.entry.action is Action.ROLLBACK else "apply"
                yield f"To continue, run: koonj {verb}{target_option}"
            case Offer.REPAIR if interruption.repair:
                yield f"To run only the repair: {settle} --repair"
            case Offer.REPAIR:
                assert evidence is not None
                then = after_repair_words(interruption)
                yield f"To run {'; '.join(evidence.repair)} ({then}): {settle} --repair"
            case Offer.AGAIN:
                again = f"To run statement {statement} again, if it continues where it stopped"
                yield f"{again}: {settle} --again {statement}"
            case Offer.DONE:
                yield f"To continue after statement {statement}: {settle} --done {statement} --reason '…'"
            case Offer.ROLL_BACK:
                yield f"To undo the migration: koonj rollback{target_option}"


def end_session_words(interruption: Interruption) -> str:
    """Return how to end the session that is at work."""
    return f"To end its session: SELECT pg_terminate_backend({interruption.pid})"


def after_repair_words(interruption: Interruption) -> str:
    """Return what is true after the repair."""
    assert interruption.evidence is not None
    if interruption.evidence.done_after_repair:
        return "completes it"
    return f"then statement {interruption.statement} can run again"


def next_run_words(settled: InterruptionSettled, action: Action) -> str:
    """Return what is left to do after a decision was recorded."""
    verb, done = ("rollback", "rolled back") if action is Action.ROLLBACK else ("apply", "applied")
    if settled.done == settled.of:
        return f"The migration is {done}."
    return f"The next {verb} continues with statement {settled.done + 1}."


def settled_words(event: InterruptionSettled) -> str:
    """Return what was recorded about an interruption."""
    reason = f" Reason: {event.reason}" if event.reason else ""
    return f"{event.done} of {event.of} statements are done.{reason}"


def interruption_lines(
    interruption: Interruption, status: MigrationStatus, target_option: str
) -> Iterator[str]:
    """Yield what is known and what can be done, one line each."""
    yield finding_words(interruption)
    if way_on := way_on_words(interruption):
        yield way_on
    yield from offer_words(interruption, status, target_option)
