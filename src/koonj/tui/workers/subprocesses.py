"""Commands of koonj in processes of their own: no key waits for their work, and they end with the screen."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PROGRAM: Sequence[str] = (sys.executable, "-P", "-m", "koonj")
"""-P: the folder that it is started in holds a person's files, and is no place to import from."""
GRACE = 5.0
"""Seconds that one has to clear away what it made, once it was told to end."""
_LONGEST = 256 * 1024 * 1024
"""Bytes of one line that is read."""


class Subprocesses:
    """Starts them, and sees to it that each ends."""

    def __init__(self, cwd: Path, program: Sequence[str] = PROGRAM) -> None:
        self._cwd = cwd
        self._program = program
        self._alive: set[Process] = set()
        self._ending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def started(self, *words: str) -> AsyncIterator[asyncio.StreamReader]:
        """What the command says on its standard output. It is told to end when that is left. Raises OSError.

        In a session of its own: the terminal's Ctrl-C is not meant for it.
        """
        process = await asyncio.create_subprocess_exec(
            *self._program,
            *words,
            cwd=self._cwd,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,
            limit=_LONGEST,
        )
        assert process.stdout is not None
        self._alive.add(process)
        told = True
        try:
            yield process.stdout
            told = False  # it has said all, and ends by itself
        finally:
            self._end(process, told=told)

    def _end(self, process: Process, *, told: bool) -> None:
        """Nobody waits for it here: who left wants to go on."""
        if process not in self._alive:
            return
        self._alive.discard(process)
        if told:
            _tell(process)
        ending = asyncio.get_running_loop().create_task(_ended(process))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Tell all to end, and wait until they have."""
        for process in tuple(self._alive):
            self._end(process, told=True)
        await asyncio.gather(*self._ending)


def _tell(process: Process) -> None:
    with suppress(ProcessLookupError):  # it has ended
        process.terminate()


async def _ended(process: Process) -> None:
    """Let it say what it still has to say, and end; not for ever."""
    if not await _gone(process):
        _tell(process)
        if not await _gone(process):
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _gone(process: Process) -> bool:
    """Does it end within the time that it has?"""
    assert process.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            while await process.stdout.read(65_536):
                pass
            await process.wait()
    return process.returncode is not None
