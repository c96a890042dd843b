"""Run koonj commands in processes of their own, which end with the screen."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from koonj import child_environment
from koonj.own_module import module_command

PROGRAM: Sequence[str] = module_command("koonj")
"""Command that starts koonj."""
GRACE = 5.0
"""Seconds that a process has to clean up after SIGTERM."""
_LONGEST = 256 * 1024 * 1024
"""Largest line in bytes that is read."""


class Subprocesses:
    """Running koonj commands; all of them end with the screen."""

    def __init__(self, cwd: Path, program: Sequence[str] = PROGRAM) -> None:
        self._cwd = cwd
        self._program = program
        self._starting: set[asyncio.Future[None]] = set()
        """One for each process that is being started; done when it was started, or was not."""
        self._is_closed = False
        self._alive: set[Process] = set()
        self._ending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def run(self, *words: str, dsn: str | None = None) -> AsyncIterator[asyncio.StreamReader]:
        """Run a command and return its stdout. `dsn`: the connection string of its target.

        The dsn and most of the user's environment, which can contain secrets, are in its standard input.
        On exit from the block it is terminated if it still runs. It has a session of its own, so Ctrl-C in
        the terminal does not reach it.

        Raises: OSError.
        """
        process = await self._start(*words)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"environ": child_environment.handed_over(), "dsn": dsn}).encode())
        process.stdin.close()
        unfinished = True
        try:
            yield process.stdout
            unfinished = False  # it has closed its output, and ends by itself
        finally:
            self._end(process, terminate=unfinished)

    async def _start(self, *words: str) -> Process:
        self._must_be_open()
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._starting.add(started)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._program,
                *words,
                "--handed-over",
                cwd=self._cwd,
                env=child_environment.for_koonj(),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                start_new_session=True,
                limit=_LONGEST,
            )
            self._alive.add(process)
            self._must_be_open()  # else `close` ends the process, and nobody else may read its output
            return process
        finally:
            self._starting.discard(started)
            started.set_result(None)

    def _must_be_open(self) -> None:
        if self._is_closed:
            raise OSError(0, "the screen is closing")

    def _end(self, process: Process, *, terminate: bool) -> None:
        """Let the process end in a task, so that the caller continues at once."""
        if process not in self._alive:
            return
        self._alive.discard(process)
        if terminate:
            _terminate(process)
        ending = asyncio.get_running_loop().create_task(_wait_for_end(process))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Terminate all processes, also those that are being started, and wait until they have ended."""
        self._is_closed = True
        await asyncio.gather(*self._starting)
        for process in tuple(self._alive):
            self._end(process, terminate=True)
        await asyncio.gather(*self._ending)


def _terminate(process: Process) -> None:
    with suppress(ProcessLookupError):  # it has already ended
        process.terminate()


async def _wait_for_end(process: Process) -> None:
    """Read the rest of the output and wait for the end.

    After two timeouts kill the process.
    """
    if not await _ends_in_time(process):
        _terminate(process)
        if not await _ends_in_time(process):
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _ends_in_time(process: Process) -> bool:
    """Return whether the process ends within `GRACE` seconds."""
    assert process.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            while await process.stdout.read(65_536):
                pass
            await process.wait()
    return process.returncode is not None
