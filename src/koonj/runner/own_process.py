"""Continue a confirmed run in a process of its own, which a lost terminal or line does not end.

The process is a fork of the command after its event loop has ended: it has the plan and the password in
memory, so no secret is in an argument, a file or a pipe.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from koonj.postgres.connector import Connector
from koonj.runner.process.journal import Journal, JournalError, open_journal
from koonj.runner.process.journal_head import new_head
from koonj.runner.process.recorded_run import RecordedRun
from koonj.runner.process.retention import delete_old_journals
from koonj.runner.run.events import Event, RunMoved
from koonj.runner.run.fleet_events import Started
from koonj.runner.run.movable_run import MovableRun

if TYPE_CHECKING:
    from koonj.postgres.tunnel.questions import Tell

_HELD = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM})
_MOST_DESCRIPTORS = 65536


class MoveError(Exception):
    """Raised if a run cannot move. The message says why, as a sentence."""


def new_journal(started: Started, shown: tuple[Event, ...], folder: Path, fleet: str = "") -> Journal:
    """Create the journal of a run, write to it what was shown before, and delete journals that are too old.

    `fleet`: id of the run on several targets of which it is a part.

    Raises:
        JournalError: no folder can be used.
    """
    journal = open_journal(replace(new_head(started, folder), fleet=fleet))
    journal.record(started)
    for event in shown:
        journal.record(event)
    journal.flush()
    journal.sync()
    delete_old_journals()
    return journal


def move(movable: MovableRun) -> tuple[Journal, int]:
    """Start the process that carries out the run. Return its journal, and its process id.

    This process no longer has the journal open.

    Raises:
        MoveError: the run cannot move. Nothing was started.
    """
    if threading.active_count() > 1:
        raise MoveError("A thread of this process still waits, such as for a host name.")
    try:
        journal = new_journal(movable.started, movable.shown, movable.folder)
    except JournalError as error:
        raise MoveError(str(error)) from error
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()  # or both processes would print it
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, _HELD
    )  # the child would die of one before it ignores it
    try:
        pid = os.fork()
        if not pid:
            _run_child(movable, journal)
    except OSError as error:
        journal.discard()
        raise MoveError(f"Cannot start a process: {error.strerror}.") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    journal.forget()
    return journal, pid


def _run_child(movable: MovableRun, journal: Journal) -> NoReturn:
    """Carry out the run in the fork. Never returns: what is above on the stack belongs to the parent."""
    with suppress(OSError):  # a new process leads no session, so it can begin one
        os.setsid()
    carry_out_alone(movable, journal)


def carry_out_alone(movable: MovableRun, journal: Journal) -> NoReturn:
    """Carry out the run in this process, which has a session of its own, and exit."""
    code = 1
    try:
        _detach(journal)
        journal.head = replace(journal.head, pid=os.getpid())
        place = os.getpid(), socket.gethostname(), str(journal.files.journal)
        journal.record(RunMoved(movable.started.run_id, *place))
        journal.flush()  # the first connection can take long
        asyncio.run(_carry_out(movable, journal))
        code = 0
    except BaseException:
        with suppress(BaseException):
            traceback.print_exc()  # to the file of errors
    finally:
        with suppress(BaseException):
            sys.stderr.flush()
            if not journal.files.errors.stat().st_size:
                journal.files.errors.unlink()
        os._exit(code)


def _detach(journal: Journal) -> None:
    """Let nothing of the terminal and of the process that started this one reach it.

    The working directory stays: relative paths of certificates and password files need it.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the memory holds the password
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        errors = os.open(
            journal.files.errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        os.fchmod(errors, 0o600)
    except OSError:
        errors = null
    for descriptor, source in ((0, null), (1, null), (2, errors)):
        os.dup2(source, descriptor)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    _close_others({journal.descriptor, journal.control})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)


def _close_others(kept: set[int]) -> None:
    """Close what this process has inherited, such as the pipe of a caller that waits for its end."""
    low = 3
    most = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0] & 0x7FFFFFFF, _MOST_DESCRIPTORS)
    for descriptor in sorted(kept):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, most)


def connector_of(movable: MovableRun, tell: Tell | None = None) -> Connector:
    """Return a connector for the run, with the passwords that were read for its plan.

    `tell`: tells a user who has no screen what ssh says.
    """
    if movable.passwords is not None:
        movable.passwords.begin_run()
    return Connector(passwords=movable.passwords, tell=tell)


async def _carry_out(movable: MovableRun, journal: Journal) -> None:
    loop = asyncio.get_running_loop()
    cancelling: list[asyncio.Task[None]] = []
    async with connector_of(movable) as connector:
        run = RecordedRun(movable.carry_out(connector), lambda *_: None)
        run.begin(journal)
        loop.add_signal_handler(
            signal.SIGTERM, lambda: cancelling.append(asyncio.ensure_future(run.cancel_quietly()))
        )
        async for _ in run.events():
            pass
