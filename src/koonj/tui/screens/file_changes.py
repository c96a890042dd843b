"""Changes migration files as koonj's advice says: each dialog shows the new name or the difference first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from koonj.humanize import count, to_the_second
from koonj.migrations.name_comment import text_words
from koonj.migrations.names import name_parts, number_words
from koonj.tui.commands.command import Situation
from koonj.tui.render.run_lines import Line
from koonj.tui.render.unblock_lines import wrapped
from koonj.tui.state.messages import MigrationsWritten, StatusMessage
from koonj.tui.state.patience import wanted_settings
from koonj.tui.state.snapshot import Row
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.watcher import Watcher

if TYPE_CHECKING:
    from koonj.config import Target
    from koonj.migrations.edit_draft import EditDraft
    from koonj.migrations.file_rename import FileRename
    from koonj.migrations.folder import Folder
    from koonj.migrations.new import Draft
    from koonj.runner.target.restoration import Restoration
    from koonj.sql.text_diff import TextDiff

_LEGEND = "- the file now, + the text that ran"
_LEGEND_MISSING = "+ the text that ran"


class FileChanges:
    """Renumbers, renames, restores and deletes the selected file, and makes a new one from an edit."""

    def __init__(
        self, screen: Screen[None], backend: Backend, watcher: Watcher, situation: Callable[[], Situation]
    ) -> None:
        """`screen` is the main screen."""
        self._screen = screen
        self._backend = backend
        self._watcher = watcher
        self._situation = situation

    def renumber(self) -> None:
        """Give the selected file the next free number."""
        self._start(self._renumber)

    def rename(self) -> None:
        """Give the selected file another title."""
        self._start(self._rename)

    def restore(self) -> None:
        """Give the selected file the text that ran, or its earlier name."""
        self._start(self._restore)

    def from_edit(self) -> None:
        """Put the changes of the selected file into a new migration, and restore the file."""
        self._start(self._from_edit)

    def take_settings(self) -> None:
        """Write settings into the selected file with which it waits longer, or tries again."""
        self._start(self._take_settings)

    def delete(self) -> None:
        """Delete the selected file, and keep its text."""
        self._start(self._delete)

    def _start(self, change: Callable[[Folder, Row], Awaitable[None]]) -> None:
        now = self._situation()
        folder, row = now.snapshot.folder, now.selected
        assert folder is not None
        assert row is not None
        start_task(self._screen, partial(self._guarded, change, folder, row), "file", exclusive=True)

    async def _guarded(
        self, change: Callable[[Folder, Row], Awaitable[None]], folder: Folder, row: Row
    ) -> None:
        try:
            await change(folder, row)
        except Exception as error:  # the error of a lost target or a full disk must not end the screen
            message = " ".join(str(getattr(error, "message", "") or _reason(error)).split())
            self._say(f"{message} {getattr(error, 'hint', '')}".strip())

    def _say(self, text: str, *, is_problem: bool = True) -> None:
        self._screen.post_message(StatusMessage(text, is_problem=is_problem))

    async def _renumber(self, folder: Folder, row: Row) -> None:
        from koonj.runner.target.renumbering import UnreadTargetsError  # noqa: PLC0415 - brings psycopg

        unread: tuple[str, ...] = ()
        try:
            plan = await self._backend.plan_renumbering(folder, {row.name})
        except UnreadTargetsError as error:
            unread = error.targets
            plan = await self._backend.plan_renumbering(folder, {row.name}, unread)
        if not plan.renames:
            self._say(f"{row.name} has a higher number than all other migrations already.")
            return
        assert row.migration is not None
        raw, (rename,) = row.migration.raw, plan.renames

        def lines(width: int) -> Iterator[Line]:
            yield from wrapped(rename.old, width, 1)
            yield from wrapped(f"becomes {rename.new}", width, 1)
            yield []
            yield from wrapped(text_words(raw, rename), width, 1)
            yield from wrapped(_checked(plan.read, unread), width, 1)

        async def act() -> None:
            from koonj.migrations.renumber import rename_files  # noqa: PLC0415 - seldom needed

            await asyncio.to_thread(rename_files, folder.path, plan.renames)
            self._done((rename.new,), f"{rename.old} renamed to {rename.new}.")

        self._confirm(f"Renumber {row.name}?", lines, act, typed=" ".join(unread))

    async def _must_be_unused(self, folder: Folder, row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the targets that have not applied the file, and those that do not respond.

        Raises: RenameError if one has applied it.
        """
        from koonj.runner.target.renumbering import UnreadTargetsError  # noqa: PLC0415 - brings psycopg

        unread: tuple[str, ...] = ()
        try:
            await self._backend.must_be_unused(folder, {row.name})
        except UnreadTargetsError as error:
            unread = error.targets
            await self._backend.must_be_unused(folder, {row.name}, unread)
        return tuple(t.name for t in self._backend.settings.targets if t.name not in unread), unread

    async def _rename(self, folder: Folder, row: Row) -> None:
        from koonj.migrations.retitle import retitle_file  # noqa: PLC0415 - seldom needed
        from koonj.tui.screens.title_dialog import TitleDialog  # noqa: PLC0415 - seldom needed

        assert row.migration is not None
        raw = row.migration.raw
        read, unread = await self._must_be_unused(folder, row)

        def titled(rename: FileRename | None) -> None:
            if rename is None:
                return

            async def act() -> None:
                await asyncio.to_thread(retitle_file, folder.path, rename)
                self._done((rename.new,), f"{rename.old} renamed to {rename.new}.")

            if not unread:
                self._act(act)
                return
            text = f"becomes {rename.new}. {text_words(raw, rename)} {_checked(read, unread)}"
            lines = partial(wrapped, text, edge=1)
            self._confirm(f"Rename {row.name}?", lines, act, typed=" ".join(unread))

        if self._screen.is_active:
            self._screen.app.push_screen(TitleDialog(row.name, raw, _checked(read, unread)), titled)

    async def _delete(self, folder: Folder, row: Row) -> None:
        migration = row.migration
        assert migration is not None
        read, unread = await self._must_be_unused(folder, row)

        def lines(width: int) -> Iterator[Line]:
            yield from wrapped(f"{row.name} is deleted. {_checked(read, unread)}", width, 1)
            yield from wrapped("koonj keeps its text in your state folder, and says where.", width, 1)

        async def act() -> None:
            from koonj.migrations.deletion import delete_file  # noqa: PLC0415 - seldom needed

            kept = await asyncio.to_thread(delete_file, folder.path, migration.name, migration.raw)
            self._done((), f"{row.name} deleted. Its text is in {kept}")

        self._confirm(f"Delete {row.name}?", lines, act, typed=" ".join((number_words(row.name), *unread)))

    async def _restore(self, folder: Folder, row: Row) -> None:
        target = self._situation().snapshot.target
        found = await self._backend.read_restoration(target, folder, row.number, row.name)
        change = await asyncio.to_thread(_difference, found)
        heading = f"Restore the text of {row.name}?"
        if found.rename is not None:
            heading = f"Rename {row.name} to {found.rename.new}?"
        text = ""
        if found.before is None:
            text = f"The file is missing. koonj writes the text that {_ran(found, target)}."
        done = f"Restored {found.name}: it has the text that ran on {target.name}."
        self._confirm(
            heading,
            partial(_restore_lines, found, change, text),
            partial(self._write, folder, found, None, done),
        )

    async def _from_edit(self, folder: Folder, row: Row) -> None:
        from koonj.migrations.edit_draft import draft_of_edit  # noqa: PLC0415 - seldom needed

        target = self._situation().snapshot.target
        found = await self._backend.read_restoration(target, folder, row.number, row.name)
        assert row.migration is not None
        slug = f"{name_parts(row.name)[1]}_edit"
        made = await asyncio.to_thread(draft_of_edit, found.recorded, row.migration, slug)
        if made is None:
            self._say(f"The edit of {row.name} changed only the order of its statements.")
            return
        change = await asyncio.to_thread(_difference, found)
        text = f"{_new_words(made)} Then {row.name} gets the text that {_ran(found, target)}."
        lines = partial(_restore_lines, found, change, text)
        heading = f"Put the changes of {row.name} into a new migration?"
        done = f"{found.name} has the text that ran on {target.name}."
        self._confirm(heading, lines, partial(self._write, folder, found, made.draft, done))

    async def _take_settings(self, folder: Folder, row: Row) -> None:
        from koonj.migrations.save import save  # noqa: PLC0415 - seldom needed
        from koonj.sql.retry_settings import with_settings  # noqa: PLC0415 - as above
        from koonj.sql.text_diff import diff_texts  # noqa: PLC0415 - as above
        from koonj.tui.render.diff_lines import diff_lines  # noqa: PLC0415 - as above

        migration, wanted = row.migration, wanted_settings(self._situation().run, row)
        assert migration is not None
        comment = ", ".join(f"{name} {value}" for name, value in wanted.items())
        new = await asyncio.to_thread(with_settings, migration.text, wanted)
        if new is None or migration.text.encode() != migration.raw:
            self._say(f"koonj cannot write into {row.name}. Add a line at its start: -- koonj: {comment}")
            return
        change = await asyncio.to_thread(diff_texts, migration.text, new)

        def lines(width: int) -> Iterator[Line]:
            yield from wrapped("Only a comment changes, so the statements stay the same.", width, 1)
            yield []
            yield from diff_lines(change, "- the file now, + with the settings", width)

        async def act() -> None:
            await asyncio.to_thread(save, folder.path, row.name, new.encode(), migration.raw)
            self._done((row.name,), f"{row.name} has the settings: {comment}.")

        self._confirm(f"Write settings into {row.name}?", lines, act)

    async def _write(self, folder: Folder, found: Restoration, draft: Draft | None, done: str) -> None:
        """Create the draft, if there is one, restore the file, and say `done`."""
        created = await asyncio.to_thread(_create, folder.path, draft)
        if found.rename is not None:
            from koonj.migrations.file_rename import rename_file  # noqa: PLC0415 - seldom needed

            await asyncio.to_thread(rename_file, folder.path, found.rename)
            self._done((found.rename.new,), f"{found.name} renamed to {found.rename.new}.")
            return
        from koonj.migrations.restore import restore_file  # noqa: PLC0415 - seldom needed

        kept = await asyncio.to_thread(
            restore_file, folder.path, found.name, found.recorded.raw, found.before
        )
        words = f"Created {created[0]}. {done}" if created else done
        if kept is not None:
            words += f" The replaced text is in {kept}"
        self._done((*created, found.name), words)

    def _confirm(
        self,
        heading: str,
        lines: Callable[[int], Iterator[Line]],
        act: Callable[[], Awaitable[None]],
        typed: str = "",
    ) -> None:
        from koonj.tui.screens.file_confirmation import FileConfirmation  # noqa: PLC0415 - seldom needed

        def answered(answer: str | None) -> None:
            if answer is not None:
                self._act(act)

        if self._screen.is_active:
            dialog = FileConfirmation(heading, lambda width: list(lines(width)), typed)
            self._screen.app.push_screen(dialog, answered)

    def _act(self, act: Callable[[], Awaitable[None]]) -> None:
        async def guarded(_folder: Folder, _row: Row) -> None:
            await act()

        self._start(guarded)

    def _done(self, names: Sequence[str], text: str) -> None:
        if names:
            self._screen.post_message(MigrationsWritten(tuple(names)))
        self._say(text, is_problem=False)
        self._watcher.read_folder()


def _reason(error: Exception) -> str:
    """Return the text of an error; that of the system with the file in the way."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    name = Path(error.filename2 or error.filename or "The file").name
    return f"{name}: {error.strerror}. Nothing was changed."


def _checked(read: Sequence[str], unread: Sequence[str]) -> str:
    """Return which targets are known not to have applied the file."""
    words = f"Not applied on: {', '.join(read)}." if read else ""
    if unread:
        words += f" Not known, because they do not respond: {', '.join(unread)}."
    return words.strip()


def _ran(found: Restoration, target: Target) -> str:
    """Return ``ran on local on 2026-08-01 14:03:59``."""
    return f"ran on {target.name} on {to_the_second(found.entry.started)}"


def _new_words(made: EditDraft) -> str:
    """Return what the new migration has."""
    words = f"A new migration gets {count(made.added, 'statement')} that the edit added."
    if not made.added:
        words = "A new migration is created."
    if made.to_write:
        words += f" Comments in it name {count(made.to_write, 'statement')} that you must write."
    return words


def _difference(found: Restoration) -> TextDiff:
    from koonj.sql.text_diff import diff_texts  # noqa: PLC0415 - seldom needed

    migration = found.status.migration
    return diff_texts("" if migration is None else migration.text, found.recorded.text)


def _restore_lines(found: Restoration, change: TextDiff, text: str, width: int) -> Iterator[Line]:
    from koonj.tui.render.diff_lines import diff_lines  # noqa: PLC0415 - seldom needed

    if text:
        yield from wrapped(text, width, 1)
    if found.rename is not None:
        yield from wrapped(f"It ran as {found.rename.new}. The text stays as it is.", width, 1)
        return
    if found.before is not None:
        yield from wrapped("koonj keeps the replaced text in your state folder, and says where.", width, 1)
    if not found.is_exact:
        yield from wrapped("The recorded text does not have exactly the bytes that ran.", width, 1)
    yield []
    yield from diff_lines(change, _LEGEND_MISSING if found.before is None else _LEGEND, width)


def _create(folder: Path, draft: Draft | None) -> tuple[str, ...]:
    from koonj.migrations.new import create  # noqa: PLC0415 - seldom needed

    return () if draft is None else tuple(path.name for path in create(folder, (draft,)))
