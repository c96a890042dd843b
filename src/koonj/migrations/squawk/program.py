"""Run squawk: https://squawkhq.com. It is a program without a Python API."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koonj.child_environment import for_program
from koonj.migrations.squawk.install import INSTALL, VERSION

_SECONDS = 60.0
"""20,000 statements take 0.6 s."""
_AT_ONCE = 2_000
"""Files in one call: more names than this can be too long for a command line."""
_MARKED = 1
"""Exit code of squawk if it has findings."""


class SquawkError(Exception):
    """Raised if squawk cannot be used. The message says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as squawk reports it."""

    file: str
    rule: str
    message: str
    help: str
    line: int
    """0-based, as all of these."""
    column: int
    """In bytes of UTF-8."""
    end_line: int
    end_column: int


def check_version(program: Path) -> None:
    """Check that squawk has the version that koonj knows.

    Raises:
        SquawkError: it has another one, or it cannot be run.
    """
    said = _run(program, ("--version",), Path("/")).stdout.decode("utf-8", "replace").strip()
    if said != f"squawk {VERSION}":
        raise SquawkError(
            f"its version is {said[:60]!r}, and koonj knows {VERSION}. To install that: {INSTALL}"
        )


def lint(
    program: Path, folder: Path, names: Sequence[str], config: str, *, in_transaction: bool
) -> Iterator[Finding]:
    """Yield what squawk finds in these files of a folder.

    Args:
        program: squawk.
        folder: the folder of the files.
        names: their names.
        config: name of a configuration file in the folder. Without it, squawk searches the folders above.
        in_transaction: whether each file runs in one transaction, also without a BEGIN in it.

    Raises:
        SquawkError: squawk failed, or its output is not understood.
    """
    options = ("--config", config, "--reporter", "json", *(("--assume-in-transaction",) * in_transaction))
    for start in range(0, len(names), _AT_ONCE):
        done = _run(program, (*options, "--", *names[start : start + _AT_ONCE]), folder)
        if done.returncode not in {0, _MARKED} or not done.stdout:
            raise SquawkError(f"it failed (exit code {done.returncode}){_first_line(done.stderr)}.")
        yield from _findings(done.stdout)


def _run(program: Path, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - of koonj's own environment; names of files are not options
            (program, *arguments),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=for_program(),
        )
    except subprocess.TimeoutExpired as error:
        raise SquawkError(f"it has not ended after {_SECONDS:g} s.") from error
    except OSError as error:
        raise SquawkError(f"it cannot be run: {error.strerror}.") from error


def _first_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").split("\n")
    return f": {lines[0].strip()[:200]}" if lines[0].strip() else ""


def _findings(output: bytes) -> Iterator[Finding]:
    """Raises SquawkError if the output is not a list of findings."""
    try:
        for one in json.loads(output):
            yield _finding(one)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SquawkError("its output is not what koonj understands.") from error


def _finding(one: Any) -> Finding:
    texts = (one["file"], one["rule_name"], one["message"], one["help"] or "")
    places = (one["line"], one["column"], one["line_end"], one["column_end"])
    if not all(type(text) is str for text in texts) or not all(type(place) is int for place in places):
        raise TypeError
    return Finding(*texts, *places)
