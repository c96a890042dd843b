"""What the commands share that change a file which no target may have applied."""

from __future__ import annotations

from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.invocation import Call
from koonj.config import Target
from koonj.runner.target.renumbering import RenameError, RunInProgressError, UnreadTargetsError, UsedError

_CODES = {
    UsedError: ExitCode.DECISION,
    RunInProgressError: ExitCode.LOCKED,
    UnreadTargetsError: ExitCode.ERROR,
}


def known_targets(call: Call) -> tuple[Target, ...]:
    """Return all configured targets, and the one of the command line; none if there is none.

    Raises:
        UsageError: the configuration is invalid.
    """
    return () if call.project_settings().target is None else call.settings().targets


def check_skipped(targets: tuple[Target, ...], skipped: list[str]) -> None:
    """Check the targets of --skip-target.

    Raises:
        UsageError: one does not exist.
    """
    for name in skipped:
        if name not in {target.name for target in targets}:
            raise UsageError(
                f"--skip-target {name}: no such target.", f"Targets: {', '.join(t.name for t in targets)}"
            )


def refused(error: RenameError, unchanged: str) -> CommandError:
    """Return the error of a command that must not change a file; `unchanged` says that it did not."""
    hint = error.hint
    if isinstance(error, UnreadTargetsError):
        options = " ".join(f"--skip-target {name}" for name in error.targets)
        hint = f"{unchanged} If you know that none of them has applied it, add {options}"
    return CommandError(error.message, hint, _CODES[type(error)])
