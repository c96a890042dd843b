"""Logout on a machine that ends all processes of a user, with a busctl that answers like systemd's.

No systemd runs where these tests run: what it does with the call is read in its documentation.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from koonj.postgres.run_name import os_user
from koonj.runner.process.login_session import ENABLE_LINGER, NOT_MOVED, keep_after_logout

ID = "3f2a91c4-8f1e-4c7c-9d53-0a1b2c3d4e5f"
SESSION = "0::/user.slice/user-1000.slice/session-4.scope\n"
BUSCTL = """\
#!{python}
import sys, pathlib
folder = pathlib.Path({folder!r})
with (folder / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
if "Linger" in sys.argv:
    print("b {linger}")
elif "KillUserProcesses" in sys.argv:
    print("b {kills}", {only!r}, {excluded!r}, sep="\\n")
elif "StartTransientUnit" in sys.argv and {moves}:
    (folder / "20114" / "cgroup").write_text("0::/user.slice/user-1000.slice/user@1000.service/app.slice/koonj.scope\\n")
"""


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "20114").mkdir()
        self.cgroup(SESSION)

    def cgroup(self, text: str) -> None:
        (self.folder / "20114" / "cgroup").write_text(text)

    def busctl(
        self,
        kills: str = "true",
        linger: str = "true",
        only: str = "as 0",
        excluded: str = "as 0",
        *,
        moves: bool = True,
    ) -> None:
        program = self.folder / "busctl"
        text = BUSCTL.format(
            python=sys.executable,
            folder=str(self.folder),
            kills=kills,
            linger=linger,
            only=only,
            excluded=excluded,
            moves=moves,
        )
        program.write_text(text)
        program.chmod(0o755)

    def keep(self) -> str:
        return keep_after_logout(20114, ID, self.folder)

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("koonj.runner.process.login_session._SECONDS", 30.0)
    return Machine(tmp_path)


def test_run_of_a_user_who_may_linger_moves_into_the_users_manager(machine: Machine) -> None:
    machine.busctl()
    assert machine.keep() == ""
    assert machine.calls[-1].startswith("--user call org.freedesktop.systemd1 /org/freedesktop/systemd1")
    assert machine.calls[-1].endswith(
        "StartTransientUnit ssa(sv)a(sa(sv)) koonj-3f2a91c4.scope fail 2 PIDs au 1 20114 CollectMode s inactive-or-failed 0"
    )


def test_user_who_may_not_linger_is_told_what_to_do(machine: Machine) -> None:
    machine.busctl(linger="false")
    assert machine.keep() == ENABLE_LINGER
    assert len(machine.calls) == 2


def test_run_that_cannot_be_moved_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koonj.runner.process.login_session._MOVE_SECONDS", 0.1)
    machine.busctl(moves=False)
    assert machine.keep() == NOT_MOVED


@pytest.mark.parametrize(
    "answer",
    [
        {"kills": "false"},
        {"excluded": f'as 2 "ada" "{os_user()}"'},
        {"only": 'as 1 "ada"'},
    ],
)
def test_machine_that_ends_no_process_of_this_user_is_left_alone(
    machine: Machine, answer: dict[str, Any]
) -> None:
    machine.busctl(**answer)
    assert machine.keep() == ""
    assert len(machine.calls) == 1


def test_process_outside_a_login_session_asks_nothing(machine: Machine) -> None:
    machine.busctl()
    machine.cgroup("0::/system.slice/cron.service\n")
    assert machine.keep() == ""
    assert machine.calls == []


def test_machine_without_systemd_is_left_alone(machine: Machine) -> None:
    (machine.folder / "busctl").write_text("#!/bin/sh\nexit 1\n")
    (machine.folder / "busctl").chmod(0o755)
    assert machine.keep() == ""
