"""A target behind a bastion on the screen: what ssh asks is asked here, and only after R."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from koonj.config import Ssh, Target
from koonj.tui.screens.ssh_dialog import SshDialog
from koonj.tui.workers import watcher
from support.own_process import wait_until
from support.screen import Project, Screen
from support.sshd import USABLE, Sshd, clients

pytestmark = pytest.mark.skipif(not USABLE, reason="no sshd on this machine")

PASSPHRASE = "s3cret"


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as running:
        yield running


@pytest.fixture
def config(sshd: Sshd) -> Iterator[Path]:
    """The ssh configuration with an unknown host and a locked key."""
    file = sshd.locked_config(PASSPHRASE)
    yield file
    wait_until(lambda: not clients(file))


@pytest.fixture
def locked(tmp_path: Path, database: str, config: Path) -> Project:
    return Project(tmp_path, Target("local", database, ssh=Ssh("bastion", ("-F", str(config)))))


async def answered(screen: Screen, text: str) -> None:
    """Answer the question, and wait until its dialog is closed."""
    dialog = screen.app.screen
    await screen.type(text)
    await screen.press("enter")
    await screen.until(lambda: screen.app.screen is not dialog)


async def test_refresh_asks_for_host_key_and_passphrase(locked: Project) -> None:
    locked.table(1)
    async with locked.open((120, 30)) as screen:
        assert "× ssh login refused" in screen.targets()[0]
        flat = " ".join(line.strip(" │") for line in screen.targets())
        assert "Host key verification failed" in flat
        assert "press R" in flat
        assert screen.app.screen is screen.main, "nothing is asked before R"
        await screen.press("R")
        await screen.expect_dialog("ssh to bastion asks", "authenticity of host", "SHA256:")
        await answered(screen, "yes")
        await screen.expect_dialog("Enter passphrase for key")
        await screen.type(PASSPHRASE)
        assert PASSPHRASE not in screen.text()
        await screen.press("enter")
        await screen.until("◦ pending")
        assert "1 pending" in screen.targets()[0]
        assert "through bastion, " in " ".join(screen.targets())


async def test_question_without_an_answer_is_not_asked_again(
    locked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "TARGET_INTERVAL", 0.01)
    monkeypatch.setattr(watcher, "INTERVAL_FACTOR", 0)
    locked.table(1)
    async with locked.open((120, 30)) as screen:
        await screen.press("R")
        await screen.expect_dialog("authenticity of host")
        await screen.press("escape")
        await screen.until("you did not answer")
        before = screen.main.snapshot.check.status
        locked.table(2)
        await screen.until(lambda: "make_t2" in screen.text())
        assert screen.main.snapshot.check.status is before
        assert screen.app.screen is screen.main


async def test_question_goes_away_with_its_ssh(locked: Project, config: Path) -> None:
    async with locked.open((120, 30)) as screen:
        await screen.press("R")
        await screen.expect_dialog("authenticity of host")
        for pid in clients(config):
            os.kill(pid, signal.SIGKILL)
        await screen.until(lambda: not isinstance(screen.app.screen, SshDialog))
        await screen.until(lambda: screen.main.snapshot.check.since is None)


async def test_screen_that_closes_withdraws_the_question(locked: Project, config: Path) -> None:
    async with locked.open((120, 30)) as screen:
        await screen.press("R")
        await screen.expect_dialog("authenticity of host")
    wait_until(lambda: not clients(config))
