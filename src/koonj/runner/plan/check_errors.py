"""Find what the safety rules report as errors about the migrations that a plan would run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from koonj.config import CheckSettings
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.sql.problem import Severity

if TYPE_CHECKING:
    from koonj.checks.model import Finding


@dataclass(frozen=True, slots=True)
class CheckError:
    """A finding whose level is `error`, which stops an apply unless a rehearsal measured otherwise."""

    migration: Migration
    finding: Finding


def check_errors(
    folder: Folder, migrations: Sequence[Migration], settings: CheckSettings
) -> tuple[CheckError, ...]:
    """Return the errors of these migrations, which run in this order.

    Raises: ConfigError.
    """
    # Only a project that sets levels needs the rules for a run.
    from koonj.checks.check import Checker  # noqa: PLC0415 - as above
    from koonj.checks.levels import levels_of  # noqa: PLC0415 - as above

    levels = levels_of(settings)
    if not levels.can_stop:
        return ()
    checker = Checker(folder.migrations, levels)
    return tuple(
        CheckError(migration, finding)
        for place, migration in enumerate(migrations)
        for finding in checker.unmeasured(migration, migrations[:place])
        if finding.problem.severity is Severity.ERROR
    )
