"""Settings with which a migration that failed would have waited longer, or tried again."""

from __future__ import annotations

from collections.abc import Mapping

from koonj.sql.retry_settings import patient_settings
from koonj.tui.state.run import RunView
from koonj.tui.state.snapshot import Row


def wanted_settings(view: RunView | None, row: Row | None) -> Mapping[str, str]:
    """Return settings for the file of `row`; empty if no setting would have helped the last run."""
    failure = view.failure if view is not None else None
    if view is None or failure is None or row is None or row.migration is None or failure.name != row.name:
        return {}
    planned = next((m for m in view.plan.migrations if m.name == row.name), None) if view.plan else None
    if planned is None:
        return {}
    own = {setting.name: setting.value for setting in row.migration.sections.settings}
    retries = int(own.get("retries", "0"))
    return patient_settings(failure.sqlstate, planned.lock_wait, planned.max_stall, retries)
