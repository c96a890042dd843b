"""Start koonj in 2 ms instead of 300: fork it from a process that has already imported it.

Run as a program, this file is that process. It reads one line of JSON for each start, and answers with two lines: the
pid of the fork, and its exit code.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_IMPORTED = (
    "concurrent.futures.thread",
    "encodings.utf_8_sig",
    "getpass",
    "koonj.cli.apply",
    "koonj.cli.arguments",
    "koonj.cli.ask_target",
    "koonj.cli.command_options",
    "koonj.cli.commands",
    "koonj.cli.doctor_help",
    "koonj.cli.failure_text",
    "koonj.cli.file_options",
    "koonj.cli.fleet_options",
    "koonj.cli.help_text",
    "koonj.cli.invocation",
    "koonj.cli.main",
    "koonj.cli.option_checks",
    "koonj.cli.parser",
    "koonj.cli.run_options",
    "koonj.cli.status_options",
    "koonj.cli.status_shape",
    "koonj.cli.status_text",
    "koonj.migrations.encoding",
    "koonj.migrations.file_problems",
    "koonj.postgres.embedded.binaries",
    "koonj.postgres.scratch.binaries",
    "koonj.postgres.scratch.extensions",
    "koonj.runner.apply.batch",
    "koonj.runner.evidence.offer",
    "koonj.runner.own_process",
    "koonj.runner.plan.batch",
    "koonj.runner.process.recorded_run",
    "koonj.runner.rehearse.cached_verdicts",
    "koonj.runner.start",
    "koonj.runner.target.status",
    "koonj.sql.conflict_markers",
    "koonj.sql.fingerprint",
    "koonj.sql.lock_patience",
    "koonj.sql.other_tools",
    "koonj.sql.parameter_change",
    "koonj.sql.plain_file",
    "resource",
)
"""What `apply` and `status` import; otherwise each fork does it again, which takes a quarter of its time."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a koonj ended."""

    code: int
    """Exit code; negative: the number of the signal that ended it."""
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """Lines of JSON in its output. A line that is not whole, because it was killed, is left out."""
        lines = (line for line in self.out.splitlines(keepends=True) if line.startswith('{"'))
        return [json.loads(line) for line in lines if line.endswith("\n")]


class ForkServer:
    """The process from which koonj is forked; one koonj at a time."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kj-", dir="/tmp")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._folder.cleanup()

    def start(self, *argv: str, cwd: Path, environ: dict[str, str] | None = None) -> int:
        """Start koonj and return its pid. Call `wait` before the next start."""
        assert self._process is not None
        assert self._process.stdin is not None
        Path(self._path("out")).write_bytes(
            b""
        )  # so that `written` never returns what an earlier one has written
        order = {
            "argv": argv,
            "cwd": str(cwd),
            "environ": environ or {},
            "out": self._path("out"),
            "err": self._path("err"),
        }
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return self._line(30)

    def written(self) -> str:
        """Return what the running koonj has written to its output."""
        return Path(self._path("out")).read_text("utf-8", "replace")

    def has_ended(self) -> bool:
        """Return whether koonj has ended; `wait` then returns at once."""
        assert self._process is not None
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], 0)[0])

    def wait(self, seconds: float = 60) -> Ended:
        """Wait for the end of koonj. If it takes too long, kill it and raise TimeoutError."""
        code = self._line(seconds)
        return Ended(code, *(Path(self._path(name)).read_text("utf-8", "replace") for name in ("out", "err")))

    def run(self, *argv: str, cwd: Path, environ: dict[str, str] | None = None, seconds: float = 60) -> Ended:
        """Run koonj to its end."""
        pid = self.start(*argv, cwd=cwd, environ=environ)
        try:
            return self.wait(seconds)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self.wait()
            raise

    def _path(self, name: str) -> str:
        return str(Path(self._folder.name, name))

    def _line(self, seconds: float) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            raise TimeoutError(f"koonj did not end within {seconds:g} s")
        return int(self._process.stdout.readline())


def _serve() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.disable()  # as the command does
    gc.freeze()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be_koonj(order)
        answers.write(f"{pid}\n")
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")


def _be_koonj(order: dict[str, Any]) -> None:
    """Run the command of an order, and exit."""
    code = 70  # a defect; `main` returns its own exit codes
    try:
        for number, path in ((1, order["out"]), (2, order["err"])):
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(file, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(order["cwd"])
        os.environ.update(order["environ"])
        from koonj.cli.main import main

        code = int(main(order["argv"]))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
