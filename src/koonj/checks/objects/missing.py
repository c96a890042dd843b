"""Find statements that need an object that is not there: the rules about all files of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from koonj.checks.ignores import is_ignored
from koonj.checks.mentions import mentions
from koonj.checks.model import Finding, Rule
from koonj.checks.objects.columns import columns_of
from koonj.checks.objects.kinds import Kind
from koonj.checks.objects.story import Event, ReadFile, Story
from koonj.checks.objects.suspects import Suspects
from koonj.checks.rules.references import MISSING_COLUMN, MISSING_OBJECT
from koonj.config.toml_file import did_you_mean
from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem


def missing(migrations: Sequence[Migration], suspects: Suspects) -> Mapping[int, tuple[Finding, ...]]:
    """Return what the files use that is surely not there, by the index of the file.

    `migrations`: all of a folder, in their order.
    """
    names = suspects.names
    files = [
        ReadFile(place, one)
        for place, one in enumerate(migrations)
        if place in suspects.hiding or mentions(one.raw.decode(errors="replace").lower(), names)
    ]
    story = Story(files, names)
    found: dict[int, list[Finding]] = {}
    for place, finding in (*_objects(story, suspects, migrations), *_columns(story, suspects)):
        if not is_ignored(finding, story.files[place].migration.sections):
            found.setdefault(place, []).append(finding)
    return {place: tuple(some) for place, some in found.items()}


def _objects(
    story: Story, suspects: Suspects, migrations: Sequence[Migration]
) -> Iterator[tuple[int, Finding]]:
    for name, events in story.events.items():
        if story.seen(name):
            continue
        for at, event in enumerate(events):
            if event.doing.kind is not Kind.USED:
                continue
            said = _said(at, events, story, migrations)
            if name in suspects.misspelt:
                said = _misspelt(suspects.misspelt[name], events, event, story, migrations)
            if said is not None:
                yield event.place, _finding(MISSING_OBJECT, event, *said, story)


def _said(
    at: int, events: Sequence[Event], story: Story, migrations: Sequence[Migration]
) -> tuple[str, str] | None:
    """Return message and hint if the object that an event uses is surely not there."""
    event, written = events[at], events[at].doing.written
    for before in reversed(events[:at]):
        if not before.may_mean(event) or before.doing.kind is Kind.USED:
            continue
        is_gone = before.doing.kind is Kind.LOST and before.surely_means(event)
        if not is_gone or not story.is_told(before.place, event.place):
            return None
        file = migrations[before.place].name if before.place != event.place else "a statement before it"
        verb = "drops" if before.statement.verb == "drop" else "renames or moves"
        return f"{written} does not exist here: {file} {verb} it.", "Use what replaces it, if anything does."
    for after in events[at + 1 :]:
        if not after.may_mean(event) or after.doing.kind is Kind.USED:
            continue
        is_late = after.doing.plain and after.surely_means(event)
        if not is_late or not story.is_told(0, after.place):
            return None
        file = migrations[after.place].name if after.place != event.place else "a statement after it"
        return (
            f"{written} does not exist yet: {file} creates it.",
            "Change the order, so that it is created first.",
        )
    return None


def _misspelt(
    near: str, events: Sequence[Event], event: Event, story: Story, migrations: Sequence[Migration]
) -> tuple[str, str] | None:
    if any(other.doing.kind is not Kind.USED for other in events) or not story.is_told(0, len(migrations)):
        return None
    made = [one for one in story.events.get(near, ()) if one.doing.kind is Kind.MADE and one.may_mean(event)]
    if not made or made[0].place > event.place:
        return None
    return f"No migration creates {event.doing.written}.", f"Did you mean {made[0].doing.written}?"


def _columns(story: Story, suspects: Suspects) -> Iterator[tuple[int, Finding]]:
    for name, events in story.events.items():
        if name.lower() not in suspects.tables or story.seen(name):
            continue
        for event, use, columns in columns_of(events):
            if not story.is_told(0, event.place):
                break
            message = f"{event.doing.written} has no column {use.written} here."
            hint = did_you_mean(use.name, sorted(columns))
            yield event.place, _finding(MISSING_COLUMN, event, message, hint, story, use.at)


def _finding(
    rule: Rule, event: Event, message: str, hint: str, story: Story, at: int | None = None
) -> Finding:
    script = story.files[event.place].migration.sections.body
    statement = event.statement.statement
    line, column = script.locate_in(statement, event.doing.at if at is None else at)
    problem = Problem(rule.code, rule.severity, message, hint, line, column)
    return Finding(problem, statement_line=statement.line)
