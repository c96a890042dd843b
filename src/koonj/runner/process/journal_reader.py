"""Read journals: the head, the lines that are new, and whether the process of the run is alive."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from koonj.runner.process.folders import RunFiles, existing_folders
from koonj.runner.process.journal_head import SIZE, JournalHead, decode
from koonj.runner.process.journal_lines import events_of_line
from koonj.runner.run.codec import PlainError
from koonj.runner.run.events import Event

_CHUNK = 256 * 1024
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that has a journal."""

    files: RunFiles
    head: JournalHead
    alive: bool | None
    """Whether its process is alive; None: it is on another host, so that is not known here."""

    @property
    def id(self) -> str:
        """UUID of the run."""
        return self.head.run

    @property
    def is_in_progress(self) -> bool:
        """Whether the run is in progress in a process on this machine."""
        return self.head.result is None and self.alive is True

    @property
    def is_seen(self) -> bool:
        """Whether a user has seen how it ended."""
        return self.files.seen.exists()


class JournalReader:
    """An open journal. Use as a context manager."""

    def __init__(self, files: RunFiles, start: int = SIZE) -> None:
        """`start`: the first byte to read.

        Raises:
            OSError: it cannot be opened.
        """
        self.files = files
        self._descriptor = os.open(files.journal, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        self._place = start

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    @property
    def place(self) -> int:
        """The first byte that was not read."""
        return self._place

    def head(self) -> JournalHead | None:
        """Return the head; None if the file is not a journal of this version."""
        for _ in range(_ATTEMPTS):
            head = decode(os.pread(self._descriptor, SIZE, 0))
            if head is not None:
                return head
            time.sleep(0.001)  # it is being written just now
        return None

    def is_locked(self) -> bool:
        """Return whether a process holds the lock, which means that the run is in progress."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False

    def alive(self, head: JournalHead) -> bool | None:
        """Return whether the process of the run is alive; None: it is on another host.

        A lock on a file of NFS does not tell that in all cases.
        """
        return self.is_locked() if head.host == socket.gethostname() else None

    def new_events(self) -> Iterator[Event]:
        """Yield the events of the lines that are whole, and were not read before."""
        while True:
            data = os.pread(self._descriptor, _CHUNK, self._place)
            while len(data) % _CHUNK == 0 and data and b"\n" not in data:  # a line longer than a chunk
                more = os.pread(self._descriptor, _CHUNK, self._place + len(data))
                if not more:
                    return
                data += more
            whole = data.rfind(b"\n") + 1
            if not whole:
                return
            self._place += whole
            for line in data[:whole].splitlines():
                yield from _events(line)


def _events(line: bytes) -> tuple[Event, ...]:
    """Return the events of a line; none if it is damaged or of another version."""
    try:
        data = json.loads(line)
        return events_of_line(data) if isinstance(data, dict) else ()
    except (ValueError, TypeError, PlainError):
        return ()


def known_runs(environ: Mapping[str, str] = os.environ) -> list[KnownRun]:
    """Return all runs of this user that have a journal, newest first."""
    return sorted(_known(environ, "*.jsonl"), key=lambda run: run.head.started, reverse=True)


def known_run(short_id: str, environ: Mapping[str, str] = os.environ) -> KnownRun | None:
    """Return the run of this user whose id starts with `short_id`, the 8 characters of a session's name."""
    return next((run for run in _known(environ, f"*-{short_id}.jsonl") if run.id.startswith(short_id)), None)


def _known(environ: Mapping[str, str], pattern: str) -> Iterator[KnownRun]:
    for folder in existing_folders(environ):
        for path in folder.glob(pattern):
            with suppress(OSError), JournalReader(RunFiles(folder, path.stem)) as reader:
                head = reader.head()
                if head is not None:
                    alive = reader.alive(head)
                    if head.result is None and not alive:
                        head = reader.head() or head  # it can have ended between the two looks
                    yield KnownRun(reader.files, head, alive)
