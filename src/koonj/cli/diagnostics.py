"""All that goes to stderr, and the exit codes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from koonj.cli.stream import Stream, standard_error

if TYPE_CHECKING:
    from koonj.runner.run.events import Conflict, Failure


class ExitCode(IntEnum):
    """What a shell gets to know."""

    OK = 0
    """All well."""
    ERROR = 1
    """Something failed, cannot be reached or is wrong in a file; or the question was answered with no."""
    USAGE = 2
    """The command line or koonj.toml cannot be used, or a question had nobody to answer it."""
    PENDING = 3
    """Of status: migrations wait to be applied."""
    DECISION = 4
    """A migration is edited, missing, late, duplicate or interrupted, or has no rollback."""
    LOCKED = 5
    """Another run holds the target's lock."""
    CANCELLED = 6
    """Cancelled: Ctrl-C, SIGTERM or a terminal that hung up."""
    NOT_VERIFIED = 7
    """A migration's verdict is not verified, and the target requires a verified rehearsal."""


class CommandError(Exception):
    """A command cannot go on. Becomes ``koonj: error: …`` and its exit code."""

    def __init__(self, message: str, hint: str = "", code: ExitCode = ExitCode.ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        """What to do."""
        self.code = code


class UsageError(CommandError):
    """The command line, or koonj.toml, cannot be used."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, ExitCode.USAGE)


class Diagnostics:
    """Stderr. Each method writes whole lines and shows them at once."""

    def __init__(self, stream: Stream | None = None) -> None:
        self._stream = stream or standard_error()

    @property
    def is_terminal(self) -> bool:
        """Does a person look at it?"""
        return self._stream.is_terminal

    def lines(self, lines: Iterable[str]) -> None:
        """Lines as they are."""
        for line in lines:
            self._stream.line(line)
        self._stream.flush()

    def say(self, text: str) -> None:
        """One remark, which is no error."""
        self.lines((f"koonj: {text}",))

    def error(self, message: str, hint: str = "") -> None:
        """What went wrong, and what to do."""
        first, *rest = message.split("\n")
        self.lines((f"koonj: error: {first}", *(f"    {line.strip()}" for line in rest)))
        if hint:
            self.lines(f"    {line}" for line in hint.split("\n"))

    def failure(self, failure: Failure) -> None:
        """A migration that stopped."""
        from koonj.cli.failure_text import failure_lines, failure_title  # noqa: PLC0415 - only a run fails

        self.lines((f"koonj: error: {failure_title(failure)}", *failure_lines(failure)))

    def conflicts(self, message: str, conflicts: Iterable[Conflict]) -> None:
        """What must be decided or mended before a run."""
        from koonj.cli.failure_text import conflict_lines  # noqa: PLC0415 - as above

        self.error(message)
        self.lines(line for conflict in conflicts for line in conflict_lines(conflict))

    def prompt(self, text: str) -> None:
        """A question whose answer is typed on the same line."""
        self._stream.write(text)
        self._stream.flush()
