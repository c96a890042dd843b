"""Start the process that carries out a run, and hand the run over to it after the user's yes."""

from __future__ import annotations

import asyncio
import json
import select
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koonj import child_environment
from koonj.own_module import module_command
from koonj.runner.process.folders import RunFiles

PROGRAM: Sequence[str] = module_command("koonj.runner.started_process")
ANSWER_SECONDS = 30.0
"""Seconds in which the process must say that it has the run. It has imported everything long before."""
_ENDED = "Its own process has ended early."
END_SECONDS = 1.0
"""Seconds for which its end is awaited after the last event of its run."""


class RunProcessError(Exception):
    """Raised if the run was not handed over. Nothing was started; the message says why, as a sentence."""


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was handed over."""

    pid: int
    files: RunFiles
    end: int
    """The place in the journal behind the plan."""


class RunProcess:
    """A process that waits for one run, in a session of its own.

    It is not one of asyncio, which kills the processes that are left when its loop ends.
    """

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        """Start it. Raises OSError."""
        self._process = subprocess.Popen(  # noqa: S603 - koonj itself
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment.for_koonj(),
            start_new_session=True,
        )
        self._is_handing_over = False

    async def hand_over(self, lines: Iterator[bytes]) -> Started:
        """Let the process carry out the run of `lines`.

        Raises: RunProcessError.
        """
        self._is_handing_over = True
        return await asyncio.to_thread(self._hand_over, lines)

    async def close(self) -> None:
        """End the process, unless the run was or is handed over: then it knows itself whether it has it."""
        if not self._is_handing_over:
            await asyncio.to_thread(self._kill)

    async def wait(self) -> None:
        """Wait for the end of the process, after the last event of its run."""
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, END_SECONDS)

    def _hand_over(self, lines: Iterator[bytes]) -> Started:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # without the last line, it starts nothing and does not answer
            for line in lines:
                self._process.stdin.write(line)
            self._process.stdin.close()
        answers = select.poll()
        answers.register(self._process.stdout, select.POLLIN)
        if not answers.poll(ANSWER_SECONDS * 1000):
            self._process.kill()  # then it has answered already, or it never starts the run
        line = self._process.stdout.readline()
        self._process.stdout.close()
        answer: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {"error": _ENDED}
        if "error" in answer:
            self._kill()
            raise RunProcessError(answer["error"])
        files = RunFiles(Path(answer["folder"]), answer["stem"])
        return Started(self._process.pid, files, answer["end"])

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
