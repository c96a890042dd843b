"""Commands that change the selected file as koonj's advice says. Each shows what changes, and asks."""

from __future__ import annotations

from koonj.migrations.migration_status import can_restore
from koonj.migrations.states import State
from koonj.tui.commands.command import Command, Group, Situation, Verbs
from koonj.tui.state.patience import wanted_settings

_PENDING = frozenset({State.PENDING, State.LATE, State.DUPLICATE, State.FAILED})


def _not_pending(now: Situation, done: str) -> str | None:
    """Return why the selected file cannot be `done`: it is not a pending one."""
    row = now.selected
    if row is None or (row.migration is not None and row.state in _PENDING):
        return None
    return f"{row.name} is {row.word}: only a pending file can be {done}."


class _FileChange(Command[Verbs]):
    group = Group.MIGRATIONS
    footer = "12"
    only_available = True
    only_own_folder = True

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if no migration is selected, its state is unknown, or during a run."""
        if now.running:
            return "A run is in progress. It has read the files already."
        if now.snapshot.folder is None or now.selected is None:
            return "No migration is selected."
        if now.selected.status is None:
            return f"The state of {now.selected.name} on {now.snapshot.target.name} is not known yet."
        return None


class Renumber(_FileChange):
    """Give the selected file the next free number, if it is late or its number is used twice.

    koonj asks every target first.
    """

    key = "m"
    label = "renumber"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason unless the migration is late or duplicate."""
        if (reason := super().why_not(now)) is not None or now.selected is None:
            return reason
        if now.selected.state in (State.LATE, State.DUPLICATE):
            return None
        return (
            f"{now.selected.name} is {now.selected.word}: only a late or duplicate file needs another number."
        )

    def run(self, screen: Verbs) -> None:
        screen.navigator.files.renumber()


class Rename(_FileChange):
    """Give the selected file another title, if no target has applied it. It keeps its number and its text.

    koonj asks every target first.
    """

    key = "M"
    label = "rename file"
    footer = ""

    def why_not(self, now: Situation) -> str | None:
        """Return a reason unless the migration is pending."""
        return super().why_not(now) or _not_pending(now, "renamed")

    def run(self, screen: Verbs) -> None:
        screen.navigator.files.rename()


class Restore(_FileChange):
    """Write the text that ran back into the selected file, or give a renamed file its earlier name.

    koonj shows the difference first, and keeps the replaced text.
    """

    key = "o"
    label = "restore"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason unless the file differs from what ran."""
        if (
            (reason := super().why_not(now)) is not None
            or now.selected is None
            or now.selected.status is None
        ):
            return reason
        if can_restore(now.selected.status):
            return None
        return f"{now.selected.name} is {now.selected.word}: there is nothing to restore."

    def run(self, screen: Verbs) -> None:
        screen.navigator.files.restore()


class NewFromEdit(_FileChange):
    """Put the changes of an edited file into a new migration, and restore the file."""

    key = "x"
    label = "new from edit"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason unless the migration is edited."""
        if (reason := super().why_not(now)) is not None or now.selected is None:
            return reason
        if now.selected.state is State.EDITED:
            return None
        return f"{now.selected.name} is {now.selected.word}, not edited."

    def run(self, screen: Verbs) -> None:
        screen.navigator.files.from_edit()


class RetrySettings(_FileChange):
    """After a failure at a lock or a deadlock: write settings into the file with which it waits longer.

    They are a comment, -- koonj: lock_wait 20min, max_stall 1s, or -- koonj: retries 5. koonj shows the
    difference first.
    """

    key = "L"
    label = "wait longer"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason unless the last run failed in this file for want of patience."""
        if (reason := super().why_not(now)) is not None or now.selected is None:
            return reason
        if now.selected.status is not None and now.selected.status.applied:
            return f"{now.selected.name} is applied: koonj does not change the text of an applied file."
        if wanted_settings(now.run, now.selected):
            return None
        return f"The last run did not fail at a lock, a deadlock or a serialization in {now.selected.name}."

    def run(self, screen: Verbs) -> None:
        screen.navigator.files.take_settings()


class DeleteFile(_FileChange):
    """Delete the selected file, if no target has applied it. koonj keeps its text."""

    key = "delete"
    label = "delete file"
    footer = ""

    def why_not(self, now: Situation) -> str | None:
        """Return a reason unless the migration is pending."""
        return super().why_not(now) or _not_pending(now, "deleted")

    def run(self, screen: Verbs) -> None:
        screen.navigator.files.delete()
