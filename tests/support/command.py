"""Call the command in this process, in another one, or in a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.cli.main import main

KOONJ = (sys.executable, "-m", "koonj")


@dataclass
class CommandResult:
    """Result of a call."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Project:
    """The folder in which the command is called."""

    root: Path
    dsn: str
    capsys: pytest.CaptureFixture[str] = field(repr=False)

    @property
    def migrations(self) -> Path:
        return self.root / "migrations"

    def write(self, name: str, text: str) -> Path:
        file = self.migrations / name
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8", newline="")
        return file

    def table(self, number: int, *, rollback: bool = True) -> str:
        down = f"-- Rollback:\n-- BEGIN;\n-- DROP TABLE t{number};\n-- COMMIT;\n" if rollback else ""
        name = f"{number:03d}_make_t{number}.sql"
        self.write(name, f"BEGIN;\nCREATE TABLE t{number} (id int PRIMARY KEY);\nCOMMIT;\n\n{down}")
        return name

    def koonj(self, *argv: str) -> CommandResult:
        """Call the command in this process."""
        self.capsys.readouterr()
        code = main(argv)
        out, err = self.capsys.readouterr()
        return CommandResult(code, out, err)

    def run(self, *argv: str, **environ: str) -> CommandResult:
        """Call the command in another process, without a terminal."""
        return self.program(*KOONJ, *argv, environ=environ)

    def run_in(
        self,
        before: tuple[str, ...],
        folder: Path,
        *argv: str,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> CommandResult:
        """Call the command in `folder`, as the last arguments of the program `before`."""
        return self.program(*before, *KOONJ, *argv, folder=folder, environ=environ)

    def program(
        self,
        *argv: str,
        folder: Path | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
        pass_fds: tuple[int, ...] = (),
    ) -> CommandResult:
        """Call a program without a terminal."""
        done = subprocess.run(
            argv,
            cwd=folder or self.root,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
            pass_fds=pass_fds,
        )
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, on a separate connection."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            cursor = conn.execute(text.encode())
            return cursor.fetchall() if cursor.description is not None else []

    def tables(self) -> set[str]:
        return {row[0] for row in self.sql("SELECT relname FROM pg_class WHERE relname ~ '^t[0-9]+$'")}

    def configure(self, **target: str) -> None:
        """Add keys to the target ``local`` in koonj.toml; the values are TOML."""
        parts = {k: v for k, v in conninfo_to_dict(self.dsn).items() if k != "password"}
        keys = "\n".join(f"{key} = {value}" for key, value in target.items())
        text = f'migrations = "migrations"\n[targets.local]\ndsn = {json.dumps(make_conninfo("", **parts))}\n{keys}\n'
        (self.root / "koonj.toml").write_text(text)


class Terminal:
    """The command in its own terminal, with methods to read and type like a user."""

    def __init__(
        self,
        project: Project,
        *argv: str,
        program: tuple[str, ...] = KOONJ,
        stdout: Any = None,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            (*program, *argv),
            cwd=project.root,
            env={**os.environ, **environ},
            stdin=slave,
            stdout=stdout or slave,
            stderr=slave,
            start_new_session=True,
            # Safe here: the test has no other thread that could hold a lock. Only this gives a controlling terminal.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - see above
        )
        os.close(slave)
        self.text = ""

    def expect(self, pattern: str, seconds: float = 60) -> str:
        """Read until the pattern appears; fail if it does not."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert self._read(end - time.monotonic()), f"{pattern!r} is not in:\n{self.text}"
        return self.text

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def close(self, seconds: float = 30) -> int:
        """Read to the end, and return the exit code."""
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(max(0.1, end - time.monotonic()))

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            got = os.read(self._master, 65536)
        except OSError:  # EIO: the other side is closed
            return False
        self.text += got.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(got)

    def hang_up(self) -> None:
        """Close the terminal, as a lost line does."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDONLY)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._master)
