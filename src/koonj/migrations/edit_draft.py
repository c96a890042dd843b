"""Make a new migration from what an edit changed in an applied one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.migrations.new import Draft
from koonj.migrations.statement_diff import EditedStatement, statement_diff

_CHANGED = """\
The edit changed a statement that has run. Write the statement that makes this change in the
database, for example an ALTER, and delete this comment. It ran as:"""
_NOW = "The edited file has:"
_REMOVED = """\
The edit removed a statement that has run. Write the statement that undoes it, if it is to be
undone, and delete this comment. It ran as:"""
_MARGIN = "--   | "
"""Starts a line of SQL in a comment, so that no line of it has a meaning for koonj."""


@dataclass(frozen=True, slots=True)
class EditDraft:
    """The draft, and what is in it."""

    draft: Draft
    added: int
    """Number of statements that the draft has."""
    to_write: int
    """Number of comments that name a statement to write."""


def draft_of_edit(recorded: Migration, edited: Migration, slug: str) -> EditDraft | None:
    """Return a migration with the statements that an edit added; None if it changed only their order.

    What the edit changed or removed becomes a comment that says what to write.

    Args:
        recorded: the migration with the text that ran.
        edited: the file.
        slug: name of the new migration, in snake case.
    """
    leading = edited.sections.leading_end
    old, new = (recorded.sections.body, recorded.shape), (edited.sections.body, edited.shape)
    changes = statement_diff(old, new, skipped=leading)
    if not changes:
        return None
    added = sum(change.old is None for change in changes)
    text = "\n".join((*_body(edited.name, changes), "", *_rollback(recorded, edited)))
    return EditDraft(Draft(slug, text), added, len(changes) - added)


def _body(name: str, changes: Sequence[EditedStatement]) -> Iterator[str]:
    yield f"-- What an edit of {name} changed after it was applied."
    wrapped = all(change.in_transaction for change in changes)
    if wrapped:
        yield "BEGIN;"
    for change in changes:
        yield ""
        yield from _lines(change)
    if wrapped:
        yield from ("", "COMMIT;")


def _lines(change: EditedStatement) -> Iterator[str]:
    if change.old is None:
        yield _ended(change.new or "")
    else:
        yield from _comment(_REMOVED if change.new is None else _CHANGED)
        yield from _quoted(change.old)
        if change.new is not None:
            yield from _comment(_NOW)
            yield from _quoted(change.new)


def _ended(text: str) -> str:
    """Return a statement that ends: the last one of a file can have no semicolon."""
    return text if text.endswith((";", "\\.")) else f"{text}\n;"


def _comment(text: str) -> Iterator[str]:
    return (f"-- {line}" for line in text.splitlines())


def _quoted(text: str) -> Iterator[str]:
    return (f"{_MARGIN}{line}".rstrip() for line in text.split("\n"))


def _rollback(recorded: Migration, edited: Migration) -> Iterator[str]:
    """Yield the rollback: the statements that the edit added to that of the file, or a blank one."""
    added = tuple(_rollback_changes(recorded, edited))
    wrapped = all(change.in_transaction for change in added)
    lines = [line for change in added for line in _ended(change.new or "").split("\n")] or [""]
    yield "-- Rollback:"
    yield from (f"-- {line}".rstrip() for line in (["BEGIN;", *lines, "COMMIT;"] if wrapped else lines))


def _rollback_changes(recorded: Migration, edited: Migration) -> Iterator[EditedStatement]:
    new, old = edited.sections.rollback, recorded.sections.rollback
    if new is None or old is None or edited.rollback_shape is None or recorded.rollback_shape is None:
        return
    for change in statement_diff((old, recorded.rollback_shape), (new, edited.rollback_shape)):
        if change.old is None:
            yield change
