"""A run whose ssh line is lost, or whose tmux server is killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable

import pytest

from support.command import KOONJ, Terminal
from support.own_process import Runs
from support.sshd import USABLE, Sshd

APPLY = (*KOONJ, "apply", "--all", "--yes")
VARIABLES = (
    "HOME",
    "XDG_STATE_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "KOONJ_TEST_PROCESS",
)


@pytest.fixture
def runs(runs: Runs) -> Runs:
    """Return the runs of a project with a migration that waits at the gate, and one after it."""
    runs.write_gate()
    runs.project.table(2)
    return runs


def _environ() -> dict[str, str]:
    return {name: os.environ[name] for name in VARIABLES if name in os.environ} | {
        "KOONJ_REHEARSE": "0",
        "KOONJ_TRUST": "1",
    }


@pytest.mark.skipif(not USABLE, reason="no sshd on this machine")
def test_run_survives_the_death_of_the_ssh_client(runs: Runs, terminal: Callable[..., Terminal]) -> None:
    with Sshd() as server:
        login = server.login(runs.project.root, APPLY, _environ())
        user = terminal(program=login)
        runs.wait_until_at_work()
        user.expect("statement 1 of 2")
        user.process.kill()
        user.process.wait(30)
        again = terminal(program=server.login(runs.project.root, (*KOONJ, "attach"), _environ()))
        again.expect("statement 1 of 2")
        runs.open_gate()
        assert again.close() == 0
        assert again.text.endswith("Applied 2 migrations.\n")
    assert runs.wait_for_end()["result"] == "done"
    assert runs.project.tables() == {"t1", "t2"}


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux on this machine")
def test_run_survives_the_death_of_tmux(runs: Runs) -> None:
    with tempfile.TemporaryDirectory(prefix="koonj-tmux-", dir="/tmp") as folder:
        tmux = ("tmux", "-f", os.devnull, "-S", f"{folder}/socket")
        subprocess.run((*tmux, "new-session", "-d", "-c", str(runs.project.root), *APPLY), check=True)
        runs.wait_until_at_work()
        subprocess.run((*tmux, "kill-server"), check=True)
    assert runs.only()["running"] is True
    runs.open_gate()
    assert runs.wait_for_end()["result"] == "done"
    assert runs.project.tables() == {"t1", "t2"}
