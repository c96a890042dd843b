"""The terminal UI stops a change of a target that is another database than before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg

from koonj import pinned_targets
from koonj.pinned_targets import DatabaseIdentity
from support.screen import Project


async def test_another_database_is_named_and_no_run_changes_it(project: Project, home: Path) -> None:
    target = replace(project.targets[0], project=str(project.root))
    project.targets = (target,)
    elsewhere = DatabaseIdentity("1", 1, None, "elsewhere")
    pinned_targets.pin(target.project, target.name, elsewhere, "db:5432")
    project.table(1)
    async with project.open((160, 40)) as screen:
        await screen.until("! another database")
        assert "local is another database than before" in "\n".join(screen.targets())
        await screen.press("a")
        await screen.expect_run("Nothing was changed")
        assert "koonj trust --target local" in " ".join(screen.run().split())
    with psycopg.connect(target.dsn) as conn:
        assert conn.execute("SELECT FROM pg_namespace WHERE nspname = 'koonj'").fetchall() == []
