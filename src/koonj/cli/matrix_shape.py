"""Return the states on all targets in the JSON form that docs/json.md documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from koonj.cli.diagnostics import ExitCode
from koonj.cli.status_shape import folder_shape, no_state_shape, state_shape, target_shape
from koonj.cli.status_text import status_code
from koonj.migrations.folder import Folder
from koonj.runner.run.conflict import Conflict
from koonj.runner.target.matrix import MatrixRow, NoState
from koonj.runner.target.status import TargetStatus


def matrix_shape(
    statuses: Sequence[TargetStatus],
    conflicts: tuple[Conflict, ...],
    folder: Folder,
    rows: Sequence[MatrixRow],
    code: ExitCode,
) -> dict[str, Any]:
    """Return the JSON report of `koonj status --all-targets`. It has every migration."""
    paths = {migration.name: migration.shown_path for migration in folder.migrations}
    return {
        "exit_code": int(code),
        "targets": [
            {**target_shape(status), "exit_code": int(status_code(status, conflicts))} for status in statuses
        ],
        "migrations": [
            {
                "number": row.number,
                "name": row.name,
                "path": paths.get(row.name),
                "differs": row.differs,
                "states": _states(row, statuses),
            }
            for row in rows
        ],
        "folder": folder_shape(folder),
    }


def _states(row: MatrixRow, statuses: Sequence[TargetStatus]) -> dict[str, Any]:
    return {
        status.target: no_state_shape(cell) if isinstance(cell, NoState) else state_shape(cell, status)
        for cell, status in zip(row.cells, statuses, strict=True)
    }
