"""Which text put each applied migration into the target: its file, or the recorded one. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from koonj.migrations.act import Act, Action
from koonj.migrations.content import compare
from koonj.migrations.entry import Entry
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.standing import Standing, standings
from koonj.migrations.state import State, states
from koonj.sql.blocks import Mode


@dataclass(frozen=True, slots=True)
class Choice:
    """One migration whose body is in the target."""

    act: Act
    """The apply or adopt that put it there."""
    file: Migration | None
    """None: there is none any more."""
    is_what_ran: bool
    """The file's statements are those that ran, or count as such; else the recorded text is wanted."""
    note: str = ""
    """Why the file is not what ran, or counts as it all the same; empty where there is nothing to say."""


def choices(folder: Folder, acts: Sequence[Act]) -> tuple[Choice, ...]:
    """The applied ones, in the order in which they were applied. Parses the files whose bytes are others."""
    files = {migration.name: migration for migration in folder.migrations}
    found = (_choice(files.get(name), standing) for name, standing in standings(acts).items())
    return tuple(sorted((c for c in found if c is not None), key=lambda choice: choice.act.id))


def _choice(file: Migration | None, standing: Standing) -> Choice | None:
    ran = standing.ran
    if ran is None:
        return None
    if file is None:
        return Choice(ran, None, is_what_ran=False, note="has no file any more")
    state, accept = compare(file, ran, standing.accepts)
    if accept is not None and accept.statements_hash != ran.statements_hash:
        note = "was edited since, and the edit was accepted: the file is compared"
        return Choice(ran, file, is_what_ran=True, note=note)
    if state is not State.EDITED:
        return Choice(ran, file, is_what_ran=True)
    if ran.action is Action.ADOPT:
        note = "was edited since it was adopted: the file is compared"
        return Choice(ran, file, is_what_ran=True, note=note)
    return Choice(ran, file, is_what_ran=False, note="was edited since")


def partial_notes(folder: Folder, acts: Sequence[Act]) -> tuple[str, ...]:
    """A sentence for each migration of which the target may hold a part."""
    return tuple(_partial(states(folder, acts)))


def _partial(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.state is State.INTERRUPTED or (entry.state is State.FAILED and _may_have_left(entry)):
            rollback = entry.act is not None and entry.act.action is Action.ROLLBACK
            what = f"The rollback of {entry.name}" if rollback else entry.name
            ended = "failed" if entry.state is State.FAILED else "was interrupted"
            yield f"{what} {ended}: the target may hold only a part of it."


def _may_have_left(entry: Entry) -> bool:
    """Can an attempt that failed have left something? Not one in a single transaction."""
    if entry.applied or entry.migration is None or entry.act is None or entry.act.statements_done > 0:
        return True
    return entry.migration.shape.mode is not Mode.TRANSACTION
