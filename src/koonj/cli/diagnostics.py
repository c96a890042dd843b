"""Errors and other messages on stderr, and the exit codes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from koonj.cli.stream import Stream, standard_error

if TYPE_CHECKING:
    from koonj.runner.run.conflict import Conflict
    from koonj.runner.run.failure import Failure


class ExitCode(IntEnum):
    """Exit codes of the koonj command. README.md has the same table."""

    OK = 0
    """Success."""
    ERROR = 1
    """An error, or the user answered no.

    Errors are, for example, a statement that failed, a server that is unreachable, a file with an error.
    """
    USAGE = 2
    """Usage error, or a confirmation was required and there was no terminal.

    Usage errors are errors in the command line or in koonj.toml.
    """
    PENDING = 3
    """Migrations are pending (`koonj status`)."""
    DECISION = 4
    """A conflict, a missing rollback, or drift."""
    LOCKED = 5
    """Another run holds the koonj lock."""
    CANCELLED = 6
    """Cancelled by Ctrl-C, SIGTERM, or because the terminal was closed."""
    NOT_VERIFIED = 7
    """A verdict is not `verified`.

    Of `koonj rehearse`, and of `koonj apply` if the target requires verified rehearsals.
    """
    LEFT = 8
    """The run is still in progress, in a process of its own: only the following ended."""


class CommandError(Exception):
    """Raised to end a command with ``koonj: error: …`` and an exit code."""

    def __init__(self, message: str, hint: str = "", code: ExitCode = ExitCode.ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        """What the user can do next; can be empty or have several lines."""
        self.code = code


class UsageError(CommandError):
    """Raised if the command line or koonj.toml is invalid."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, ExitCode.USAGE)


class Diagnostics:
    """Writer to stderr. Each method writes whole lines and flushes them."""

    def __init__(self, stream: Stream | None = None) -> None:
        self._stream = stream or standard_error()

    @property
    def is_terminal(self) -> bool:
        """Whether stderr is a terminal."""
        return self._stream.is_terminal

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines unchanged."""
        self._stream.lines(lines)

    def info(self, text: str) -> None:
        """Print one message that is not an error."""
        self.lines((f"koonj: {text}",))

    def error(self, message: str, hint: str = "") -> None:
        """Print an error and, below it, the hint."""
        first, *rest = message.split("\n")
        self.lines((f"koonj: error: {first}", *(f"    {line.strip()}" for line in rest)))
        if hint:
            self.lines(f"    {line}" for line in hint.split("\n"))

    def failure(self, failure: Failure) -> None:
        """Print the failure of a run."""
        from koonj.cli.failure_text import failure_lines, failure_title  # noqa: PLC0415 - only runs need it

        self.lines((f"koonj: error: {failure_title(failure)}", *failure_lines(failure)))

    def conflicts(self, message: str, conflicts: Iterable[Conflict]) -> None:
        """Print the conflicts that must be decided or fixed before a run."""
        from koonj.cli.failure_text import conflict_lines  # noqa: PLC0415 - as above

        self.error(message)
        self.lines(line for conflict in conflicts for line in conflict_lines(conflict))

    def prompt(self, text: str) -> None:
        """Print a question; the user types the answer on the same line."""
        self._stream.write(text)
        self._stream.flush()
