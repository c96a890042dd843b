"""A migration that failed and is tried again is running: for the status, its JSON and its counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from koonj.postgres.run_name import RunName
from koonj.runner.process.holder_process import migration_at_work
from support import gate
from support.own_process import Runs, wait_until

APPLY = (sys.executable, "-m", "koonj", "apply", "--yes")


def states(runs: Runs) -> dict[str, str]:
    """Return the state of each migration, as `koonj status --json` says it."""
    found: dict[str, Any] = runs.project.koonj("status", "--json").json
    return {one["name"]: one["state"] for one in found["migrations"]}


def fail_once(runs: Runs) -> str:
    """Write a migration that waits at a gate and fails; let it fail once; return its name."""
    runs.project.sql(gate.CLOSE)
    name = "001_fails.sql"
    text = f"BEGIN;\n{gate.wait_at()}\nSELECT 1 / 0;\nCOMMIT;\n\n-- Rollback: none: a test\n"
    runs.project.write(name, text)
    runs.open_gate()
    assert runs.project.run("apply", "--yes").code != 0
    assert states(runs) == {name: "failed"}
    runs.project.sql(gate.CLOSE_AGAIN)
    return name


def test_failed_migration_that_is_tried_again_is_running(runs: Runs) -> None:
    name = fail_once(runs)
    with subprocess.Popen(
        APPLY, cwd=runs.project.root, stdin=subprocess.DEVNULL, stdout=-1, stderr=-1
    ) as process:
        wait_until(runs.at_gate)
        wait_until(lambda: states(runs) == {name: "running"})
        shown = runs.project.koonj("status").out
        assert "running" in shown
        assert "a run tries it again now; the apply failed: division by zero" in shown
        assert "failed" not in shown.replace("the apply failed", "")
        runs.open_gate()
        process.communicate(timeout=60)
    assert states(runs) == {name: "failed"}


def test_run_that_is_not_known_here_works_on_no_known_migration(home: Path) -> None:
    assert migration_at_work(None) is None
    assert migration_at_work(RunName("3f2a91c4", 1, 2, "dev1@elsewhere")) is None
    assert not (home / ".local" / "state" / "koonj" / "runs").exists()
