"""Write the journal of a run: a head of fixed size, then one line of JSON for each event.

It is for people who follow the run. The target is the truth: koonj never reads a journal to decide what is
committed. So a journal that cannot be written does not stop a run.

The process of the run holds a flock on the file. It belongs to the open file, so it survives a fork, and the
kernel releases it when the process ends (https://man7.org/linux/man-pages/man2/flock.2.html).
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from koonj.postgres.shared_process.file_lock import lock
from koonj.runner.process.folders import RunFiles, run_files, usable_folders
from koonj.runner.process.journal_head import SIZE, JournalHead, encode
from koonj.runner.process.journal_lines import JournalLines
from koonj.runner.run.events import (
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationStarted,
    PlanMade,
    RunFinished,
    StatementStarted,
)
from koonj.runner.run.fleet_events import FleetFinished, FleetPlanned
from koonj.runner.run.target_event import TargetEvent
from koonj.user_folders import UserFolderError

MOST_BYTES = 64 * 1024 * 1024
"""Size of a journal after which only its last lines are written."""
AT_ONCE = 50
"""Lines that are written together while a run is fast."""
PAUSE = 0.02
"""Seconds after a write in which further lines wait for each other."""
KEPT_LINES = 200
"""Lines that are kept while the disk is full, and tried again."""
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
"""O_EXCL also refuses a symbolic link."""
_ALWAYS_WRITTEN = frozenset({"run_finished", "migration_failed", "target_finished", "fleet_finished"})


class JournalError(Exception):
    """Raised if no journal can be created. The message says why."""


@dataclass
class Journal:
    """The open journal of one run, for its only writer."""

    files: RunFiles
    descriptor: int
    """The open file, on which this process holds the lock."""
    control: int
    """The reading end of the FIFO."""
    head: JournalHead

    def __post_init__(self) -> None:
        self.end = SIZE
        """Size of the part that is written, which is where a reader continues."""
        self._lines = JournalLines()
        self._pending: deque[bytes] = deque()
        self._written_at = 0.0
        self._written_head = b""
        self._synced = False
        self._in_steps = False
        self._committed = 0
        self._changes: dict[str, Any] = {}

    def record(self, event: Event) -> None:
        """Take an event. Its line is written now, or soon by `tick`."""
        now = monotonic()
        self._follow(event)
        for line in self._lines.add(event, now):
            self._take(line)
        if isinstance(event, RunFinished | MigrationFailed | FleetFinished):
            self.flush()
            self.sync()
        elif isinstance(event, StatementStarted) and self._in_steps:
            self.flush()
            self.sync()  # the statement can be one whose effect a crash leaves in doubt
        elif len(self._pending) >= AT_ONCE or now - self._written_at >= PAUSE:
            self.flush()

    @property
    def waits(self) -> bool:
        """Whether something is to be written soon."""
        return bool(self._pending) or self._lines.holds

    def tick(self) -> None:
        """Write what waits for its time or its company."""
        for line in self._lines.due(monotonic()):
            self._take(line)
        self.flush()

    def flush(self) -> None:
        """Write the lines that wait, and then the head. Does not raise OSError."""
        if self._pending:
            data = b"".join(self._pending)
            try:
                self._write(data)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self.descriptor, self.end)  # a part of the lines can be written
                self._lose(len(self._pending) - KEPT_LINES)
            else:
                self.end += len(data)
                self._pending.clear()
                self._synced = False
            self._written_at = monotonic()
        self._write_head()

    def sync(self) -> None:
        """Let the disk have what is written. Does not raise OSError: the target has all facts."""
        if self._synced:
            return
        with suppress(OSError):
            getattr(os, "fdatasync", os.fsync)(self.descriptor)
            self._synced = True

    def close(self) -> None:
        """Write the last lines, delete the FIFO, and release the lock."""
        self.flush()
        self._lose(len(self._pending))
        self._write_head()
        self.sync()
        with suppress(OSError):
            self.files.control.unlink()
        self.forget()

    def discard(self) -> None:
        """Delete the files: the run did not start."""
        _delete(self.files)
        self.forget()

    def forget(self) -> None:
        """Close the files only: another process continues this journal."""
        os.close(self.control)
        os.close(self.descriptor)

    def _take(self, line: Mapping[str, Any]) -> None:
        if self.end < MOST_BYTES or line["event"] in _ALWAYS_WRITTEN:
            self._pending.append(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")
        else:
            self._lose_lines(1)

    def _lose(self, number: int) -> None:
        """Give up the oldest lines."""
        for _ in range(number):
            self._pending.popleft()
        self._lose_lines(max(0, number))

    def _lose_lines(self, number: int) -> None:
        if number:
            self.head = replace(self.head, lost=self.head.lost + number)

    def _write(self, data: bytes) -> None:
        """Write at the end of the whole lines. Raises OSError."""
        written = 0
        while written < len(data):
            written += os.pwrite(self.descriptor, data[written:], self.end + written)

    def _write_head(self) -> None:
        if self._changes:
            self.head, self._changes = replace(self.head, **self._changes), {}
        head = self.head
        if head.result is not None:  # whoever reads the result reads no further: these lines are lost
            head = replace(head, lost=head.lost + len(self._pending))
        raw = encode(head)
        if raw != self._written_head:
            with suppress(OSError):  # such as EIO: the lines and the target still tell
                os.pwrite(self.descriptor, raw, 0)
                self._written_head, self._synced = raw, False

    def _follow(self, event: Event) -> None:
        """Remember what the event says about the run, for the head."""
        changes = self._changes
        match event:
            case PlanMade():
                changes["wanted"] = len(event.plan.migrations)
            case MigrationStarted():
                self._in_steps = not event.in_transaction
                changes |= {"migration": event.name, "statement": 0}
            case StatementStarted():
                changes["statement"] = event.index
            case MigrationFinished():
                self._committed += 1
                changes |= {"committed": self._committed, "migration": "", "statement": 0}
            case FleetPlanned():
                changes["wanted"] = sum(len(one.not_run) for one in event.targets)
            case TargetEvent(event=MigrationFinished()):
                self._committed += 1
                changes["committed"] = self._committed
            case RunFinished() | FleetFinished():
                changes |= {
                    "result": event.result,
                    "message": event.message,
                    "ended": event.at,
                    "statement": 0,
                }
            case _:
                return


def open_journal(head: JournalHead, environ: Mapping[str, str] = os.environ) -> Journal:
    """Create the journal of a run in the first folder that can be used, and lock it.

    Raises:
        JournalError: no folder can be used.
    """
    reason = ""
    for folder in usable_folders(environ):
        if isinstance(folder, UserFolderError):
            reason = reason or folder.message
            continue
        files = run_files(folder, head.target or f"{head.targets} targets", head.run, head.started)
        try:
            return _create(files, head)
        except OSError as error:
            reason = reason or f"Cannot write to {folder}: {error.strerror}."
            _delete(files)
    raise JournalError(reason)


def _delete(files: RunFiles) -> None:
    for path in files.all:
        with suppress(OSError):
            path.unlink()


def _create(files: RunFiles, head: JournalHead) -> Journal:
    """Raises OSError."""
    descriptor = os.open(files.journal, _NEW, 0o600)
    try:
        os.fchmod(descriptor, 0o600)  # independent of the umask
        lock(descriptor, seconds=None)
        if os.pwrite(descriptor, encode(head), 0) < SIZE:
            raise OSError(0, "the disk is full")
        return Journal(files, descriptor, _create_fifo(files.control), head)
    except BaseException:
        os.close(descriptor)
        raise


def _create_fifo(path: Path) -> int:
    os.mkfifo(path, 0o600)
    path.chmod(0o600)
    # Also open for writing, so that it has no end of file when the last process that wrote to it has ended.
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
