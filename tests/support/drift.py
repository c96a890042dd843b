"""Run a drift comparison, and return its result in a form that tests compare."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

from koonj.config import ScratchPlace
from koonj.postgres.catalog.compare import top_level
from koonj.runner.drift import DriftReport, find_drift
from koonj.runner.run.run import Control
from support.project import Project


async def drift_of(project: Project, **options: Any) -> DriftReport:
    folder, control = project.reader.read(), Control()
    place = options.pop("place", ScratchPlace())
    return await find_drift(project.connector, project.target, folder, place, control, **options)


def differences_of(drift: DriftReport) -> set[str]:
    """Return the differences of the target, for example ``missing table public.t``."""
    return {f"{d.what} {d.kind} {d.identity}" for d in top_level(drift.differences)}


def write(project: Project, number: int, body: str, rollback: str = "none: a test") -> str:
    name = f"{number:03d}_m.sql"
    rollback_comment = (
        f" {rollback}" if rollback.startswith("none:") else f"\n{indent(dedent(rollback), '-- ')}"
    )
    (project.path / name).write_text(
        f"{dedent(body).strip()}\n\n-- Rollback:{rollback_comment}\n", encoding="utf-8"
    )
    return name
