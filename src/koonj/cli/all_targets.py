"""Implement `koonj status --all-targets`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from koonj.cli.ask_target import run_for_answer
from koonj.cli.diagnostics import ExitCode
from koonj.cli.invocation import Call
from koonj.cli.ssh_notice import open_connector
from koonj.cli.status_text import status_code
from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.runner.plan.folder_conflicts import folder_conflicts
from koonj.runner.run.conflict import Conflict
from koonj.runner.target.all_targets import read_statuses
from koonj.runner.target.matrix import matrix
from koonj.runner.target.status import TargetStatus

_BY_WEIGHT = (ExitCode.DECISION, ExitCode.ERROR, ExitCode.PENDING)
"""Exit codes of a target that was read, the most important first."""


def status_of_all(call: Call) -> ExitCode:
    """Run `koonj status --all-targets` and return the exit code."""
    settings = call.settings()
    folder = call.read_folder(settings.migrations)
    statuses = run_for_answer(_read(settings.targets, folder))
    conflicts = folder_conflicts(folder)
    rows = matrix(folder, statuses)
    if call.out.as_json:
        from koonj.cli.matrix_shape import matrix_shape  # noqa: PLC0415 - only for --json

        code = all_code(statuses, conflicts)
        call.out.document("status", matrix_shape(statuses, conflicts, folder, rows, code))
    else:
        from koonj.cli.matrix_text import matrix_lines  # noqa: PLC0415 - not for --json

        width = shutil.get_terminal_size().columns if call.out.is_terminal else None
        lines = matrix_lines(statuses, folder, conflicts, rows, call.marks, width=width, every=call.args.all)
        call.out.lines(lines)
    for status in statuses:
        if status.error is not None:
            call.err.error(f"{status.target}: {status.error}", status.hint or "")
    return all_code(statuses, conflicts)


async def _read(targets: Sequence[Target], folder: Folder) -> tuple[TargetStatus, ...]:
    async with open_connector() as connector:
        return await read_statuses(connector, targets, folder)


def all_code(statuses: Sequence[TargetStatus], conflicts: tuple[Conflict, ...]) -> ExitCode:
    """Return the exit code of several statuses: that of the worst one.

    A target that cannot be read comes first: then the answer is not complete.
    """
    if not all(status.is_known for status in statuses):
        return ExitCode.ERROR
    codes = {status_code(status, conflicts) for status in statuses}
    return next((code for code in _BY_WEIGHT if code in codes), ExitCode.OK)
