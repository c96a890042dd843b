"""Interrupt koonj at one place, look at what is left, complete the run, and report what was not as it must be."""

from __future__ import annotations

import json
import os
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.faults import invariants
from support.faults.completion import Completion, complete
from support.faults.crash import crash
from support.faults.mixed_folder import Truth, read_truth, write
from support.fork_server import Ended, ForkServer
from support.frame_proxy import Boundary, Conversation, Effect, FrameProxy
from support.frames import Message

SETTINGS = {"client_connection_check_interval": "100ms", "synchronous_commit": "on"}
"""The server notices a dead client while a statement runs, and a crash of it loses no COMMIT."""
STOPPED_SECONDS = 0.15


class Interruption(Enum):
    """What happens at the boundary."""

    KILL = "koonj is killed"
    CUT = "the connection is cut"
    HALF_OPEN = "koonj loses the connection, the server notices it later"
    ENDED = "the server ends the session"
    OVERTAKEN = "the server ends the session, and another koonj completes the run meanwhile"
    ASKED = "koonj status is asked, and the run goes on"
    STOPPED = "koonj is stopped and continued (SIGSTOP, SIGCONT)"
    CRASHED = "the server crashes and starts again"
    FULL = "the disk of the server is full"
    WAL_FULL = "the disk of the server is full, and it needs a new file for its log"
    JOINED = "others start the same run"
    LEFT = "others start the same run, and koonj is killed"
    TUNNEL = "the ssh of the tunnel is killed"


RUN = ("apply", "--all", "--yes", "--json")
_EFFECTS = {
    Interruption.KILL: Effect.CUT,
    Interruption.CUT: Effect.CUT,
    Interruption.HALF_OPEN: Effect.HALF_OPEN,
    Interruption.ENDED: Effect.CONTINUE,
    Interruption.OVERTAKEN: Effect.CONTINUE,
    Interruption.ASKED: Effect.CONTINUE,
    Interruption.STOPPED: Effect.CONTINUE,
    Interruption.CRASHED: Effect.CONTINUE,
    Interruption.FULL: Effect.CONTINUE,
    Interruption.WAL_FULL: Effect.CONTINUE,
    Interruption.JOINED: Effect.CONTINUE,
    Interruption.LEFT: Effect.CUT,
    Interruption.TUNNEL: Effect.CONTINUE,
}
_KILLED = {Interruption.KILL, Interruption.LEFT}
_NOT_ALONE = {Interruption.OVERTAKEN, Interruption.JOINED, Interruption.LEFT}


@dataclass(frozen=True, slots=True)
class Fault:
    """One interruption."""

    what: Interruption
    boundary: Boundary
    delay: float = 0.0
    """Seconds after the message."""
    others: int = 0
    """Number of other runs."""

    def __str__(self) -> str:
        where = self.boundary
        later = f" + {self.delay * 1000:.1f} ms" if self.delay else ""
        return (
            f"{self.what.value}{f' ({self.others})' if self.others else ''} "
            f"{where.place.value} message {where.number} of the {where.sender.value}{later}"
        )


@dataclass
class Outcome:
    """What was found in one trial."""

    fault: Fault
    at: str
    """The message at the boundary; empty if the run ended before it."""
    violations: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)


class FaultRunner:
    """A folder of migrations, a server, a proxy in front of it, and processes to fork koonj from."""

    words: tuple[str, ...] = RUN
    """The command that is interrupted."""

    def __init__(self, server: TemporaryServer) -> None:
        self._server = server
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        folder = Path(enter(tempfile.TemporaryDirectory(prefix="kj-", dir="/tmp")))
        self._root, self._migrations = folder, folder / "migrations"
        self._migrations.mkdir()
        self._write(self._migrations)
        parts = conninfo_to_dict(self._server.dsn())
        socket = Path(str(parts["host"])) / f".s.PGSQL.{parts.get('port', 5432)}"
        self._proxy = enter(FrameProxy(socket))
        self._runner, self._asker = enter(ForkServer()), enter(ForkServer())
        self._others: list[ForkServer] = []
        self._connect()
        return self

    def _write(self, folder: Path) -> None:
        """Write the migrations."""
        write(folder)

    def _is_complete(self, connection: psycopg.Connection) -> bool:
        """Return whether the database has what all migrations make."""
        return read_truth(connection).all_done

    def _connect(self) -> None:
        self._admin = self._stack.enter_context(psycopg.connect(self._server.dsn(), autocommit=True))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def record(self) -> list[Message]:
        """Return the messages of a run without interruption."""
        with self._database() as dsn:
            self._proxy.begin(Conversation())
            ended = self._koonj(self._runner, self._far(dsn), *self.words)
            assert ended.code == 0, ended
            with psycopg.connect(dsn, autocommit=True) as connection:
                assert self._is_complete(connection), ended
        return self._proxy.conversation.messages

    def run(self, fault: Fault) -> Outcome:
        """Interrupt a run, complete it, and check everything."""
        with self._database() as dsn:
            found: list[str] = []
            ended = self._interrupt(fault, dsn, found)
            message = self._proxy.conversation.reached
            outcome = Outcome(fault, "" if message is None else f"{message.kind} {message.text[:80]}".strip())
            outcome.violations += found
            others = self._wait_for_others(fault.others, outcome.violations) if message is not None else []
            self._check(dsn, (ended, *others), outcome)
            return outcome

    def _interrupt(self, fault: Fault, dsn: str, found: list[str]) -> Ended:
        pid = 0
        others: list[tuple[Any, ...]] = []
        waker = threading.Timer(STOPPED_SECONDS, lambda: self._wake(pid, dsn, found))

        def act(backend: int | None) -> None:
            if fault.what is Interruption.STOPPED:
                os.kill(pid, signal.SIGSTOP)
                waker.start()
            if fault.what in (Interruption.ENDED, Interruption.OVERTAKEN) and backend is not None:
                self._end(backend)
            if fault.what is Interruption.OVERTAKEN:
                others.extend(self._overtake(dsn))
            self._start_others(fault.others, dsn)
            if fault.what in _KILLED:
                os.kill(pid, signal.SIGKILL)
            self._touch_server(fault.what, dsn, found)

        self._proxy.begin(Conversation(fault.boundary, _EFFECTS[fault.what], act, fault.delay))
        pid = self._runner.start(*self._argv(self._far(dsn), *self.words), **self._place)
        try:
            ended = self._runner.wait(90)
        except TimeoutError as error:
            found.append(f"6: {error}")
            os.kill(pid, signal.SIGKILL)
            ended = self._runner.wait()
        self._after_run(found)
        if waker.is_alive():
            waker.join()
        if fault.what is Interruption.CRASHED:
            self._connect()
        if others and set(others) - set(self._entries(dsn)):
            found.append("5: the run has changed history entries of another run")
        return ended

    def _after_run(self, found: list[str]) -> None:
        """Look whether the run has left something on this machine."""

    def _touch_server(self, what: Interruption, dsn: str, found: list[str]) -> None:
        if what is Interruption.ASKED:
            found += self._during_run(dsn)
        elif what is Interruption.CRASHED:
            crash(self._server)

    def _wake(self, pid: int, dsn: str, found: list[str]) -> None:
        """Continue a koonj that was stopped, after the state that others see of it meanwhile is checked."""
        found += self._during_run(dsn)
        os.kill(pid, signal.SIGCONT)

    def _during_run(self, dsn: str) -> Iterator[str]:
        return invariants.words_during_run(self._status(dsn))

    def _start_others(self, number: int, dsn: str) -> None:
        while len(self._others) < number:
            self._others.append(self._stack.enter_context(ForkServer()))
        for forks in self._others[:number]:
            forks.start(*self._argv(dsn, *self.words), **self._place)

    def _wait_for_others(self, number: int, found: list[str]) -> list[Ended]:
        """Wait for the end of the other runs."""
        ended = []
        for forks in self._others[:number]:
            try:
                ended.append(forks.wait(90))
            except TimeoutError as error:
                found.append(f"6: another run: {error}")
        return ended

    def _overtake(self, dsn: str) -> list[tuple[Any, ...]]:
        """Complete the run with another koonj, and return the history entries of that one."""
        before = {row[0] for row in self._entries(dsn)}
        with psycopg.connect(dsn, autocommit=True) as connection:
            complete(connection, lambda *argv: self._koonj(self._asker, dsn, *argv))
        return [row for row in self._entries(dsn) if row[0] not in before]

    def _entries(self, dsn: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(dsn, autocommit=True) as connection:
            found = connection.execute("SELECT to_regclass('koonj.history') IS NOT NULL").fetchone()
            return (
                connection.execute("SELECT id, t::text FROM koonj.history AS t").fetchall()
                if found == (True,)
                else []
            )

    def _check(self, dsn: str, runs: Sequence[Ended], outcome: Outcome) -> None:
        found = outcome.violations
        found += self._sessions_end(dsn)
        with psycopg.connect(dsn, autocommit=True) as connection:
            truth = read_truth(connection)
            recorded = invariants.read_recorded(connection)
            status = self._status(dsn)
            found += invariants.counted_is_there(truth, recorded, status)
            found += invariants.evidence_is_right(truth, status)
            alone = outcome.fault.what not in _NOT_ALONE
            for ended in runs:
                found += invariants.words_of_run(ended, truth, alone=alone)
                found += invariants.words_of_interruption(ended, status)
            found += invariants.words_of_status(status, truth, recorded)
            done = complete(connection, lambda *argv: self._koonj(self._runner, dsn, *argv))
            outcome.decisions, outcome.repairs = done.decisions, done.repairs
            found += self._check_end(connection, done, runs)

    def _check_end(
        self, connection: psycopg.Connection, done: Completion, runs: Sequence[Ended]
    ) -> Iterator[str]:
        truth: Truth = read_truth(connection)
        yield from invariants.exactly_once(truth)
        for run in done.runs[-1:]:
            yield from invariants.words_of_run(run, truth)
        yield from invariants.no_secret(connection, *runs, *done.runs)

    def _sessions_end(self, dsn: str) -> Iterator[str]:
        """Invariant 4: no session and no advisory lock of the run is left after 5 s."""
        name = conninfo_to_dict(dsn)["dbname"]
        query = (
            "SELECT a.application_name, a.state, a.query, count(l.*) FROM pg_stat_activity AS a "
            "LEFT JOIN pg_locks AS l ON l.pid = a.pid AND l.locktype = 'advisory' WHERE a.datname = %s "
            "GROUP BY 1, 2, 3"
        )
        end = time.monotonic() + 5
        while rows := self._admin.execute(query, (name,)).fetchall():
            if time.monotonic() > end:
                yield f"4: sessions are left: {rows}"
                return
            time.sleep(0.01)

    def _status(self, dsn: str) -> dict[str, Any]:
        ended = self._koonj(self._asker, dsn, "status", "--json")
        result: dict[str, Any] = json.loads(ended.out)
        return result

    def _end(self, backend: int) -> None:
        """End a session, and wait until it has ended."""
        self._admin.execute("SELECT pg_terminate_backend(%s)", (backend,))
        while self._admin.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (backend,)).fetchone():
            time.sleep(0.001)

    @contextmanager
    def _database(self) -> Iterator[str]:
        """Yield the dsn of a new database, and drop it at the end."""
        name = f"t_{secrets.token_hex(6)}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}")
        quick = sql.SQL("STRATEGY FILE_COPY" if self._server.binaries.major >= 15 else "")
        self._admin.execute(create.format(sql.Identifier(name), quick))
        try:
            yield self._server.dsn(name)
        finally:
            self._admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _far(self, dsn: str) -> str:
        return make_conninfo(dsn, host=str(self._proxy.folder))

    def _argv(self, dsn: str, *argv: str) -> tuple[str, ...]:
        return (*argv, "--dsn", dsn, "--migrations", str(self._migrations))

    @property
    def _place(self) -> dict[str, Any]:
        environ = {"PGPASSWORD": invariants.SECRET, "KOONJ_REHEARSE": "0", "KOONJ_TRUST": "1"}
        return {"cwd": self._root, "environ": environ}

    def _koonj(self, forks: ForkServer, dsn: str, *argv: str) -> Ended:
        return forks.run(*self._argv(dsn, *argv), **self._place)
