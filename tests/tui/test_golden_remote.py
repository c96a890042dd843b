"""Golden tests of a target behind a bastion: what ssh asks, and how the target is reached."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import pytest

from koonj.postgres.encryption import Checked, Encryption
from koonj.postgres.tunnel.questions import SshQuestion
from koonj.tui.screens.ssh_dialog import SshDialog
from koonj.tui.state.messages import SshAsked, TargetAnswered
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.workers import watcher
from support.screen import Golden, Project, Screen

HOST_KEY = """\
The authenticity of host 'bastion (203.0.113.7)' can't be established.
ED25519 key fingerprint is SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDMzYv4a7CeyVdvAlw.
This key is not known by any other names.
Are you sure you want to continue connecting (yes/no/[fingerprint])? """
PASSPHRASE = "Enter passphrase for key '/home/ada/.ssh/id_ed25519': "
AGENT = "Add key /home/ada/.ssh/id_ed25519 (ada@laptop) to agent?"
TOUCH = "Confirm user presence for key ED25519-SK SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDMzYv4a7CeyVdvAlw"


async def ask(
    screen: Screen, text: str, *, is_notice: bool = False, is_confirmation: bool = False
) -> Future[str | None]:
    question, answer = SshQuestion("bastion", text, is_notice, is_confirmation), Future[str | None]()
    screen.main.post_message(SshAsked(question, answer))
    await screen.until(lambda: isinstance(screen.app.screen, SshDialog))
    return answer


def reach_through_bastion(screen: Screen) -> None:
    """Let the target be one of another network."""
    status = screen.main.snapshot.check.status
    assert status is not None
    assert status.server is not None
    tls = Encryption("1.3", tls=True, checked=Checked.NAME, sslmode="verify-full", local=False)
    server = replace(
        status.server,
        host="db.internal:5432",
        through="bastion",
        round_trip=0.048,
        tls=tls,
        database="app",
        user="migrator",
        is_standby=True,
        lag=12.4,
    )
    screen.main.post_message(TargetAnswered(status.target, replace(status, server=server)))


@pytest.mark.parametrize(("size", "terminal"), [((80, 24), None), ((120, 36), Terminal(theme="dark"))])
async def test_bastion_matches_golden(
    project: Project,
    golden: Golden,
    size: tuple[int, int],
    terminal: Terminal | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watcher, "TARGET_INTERVAL", 1e6)
    monkeypatch.chdir(project.root)
    project.table(1)
    async with project.open(size, terminal) as screen:
        await screen.press("3")
        reach_through_bastion(screen)
        if terminal is not None:  # the small screen has no room for it
            await screen.until("through bastion, 48.0 ms")
            await golden(screen, f"bastion_{size[0]}")
        for name, text in (("host_key", HOST_KEY), ("passphrase", PASSPHRASE)):
            await ask(screen, text)
            await golden(screen, f"ssh_{name}_{size[0]}")
            await screen.press("escape")
            await screen.until(lambda: screen.app.screen is screen.main)
        await ask(screen, TOUCH, is_notice=True)
        await golden(screen, f"ssh_touch_{size[0]}")
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)
        answer = await ask(screen, AGENT, is_confirmation=True)
        await golden(screen, f"ssh_confirm_{size[0]}")
        await screen.press("enter")  # it answers nothing
        await screen.yes()
        await screen.until(lambda: screen.app.screen is screen.main)
        assert answer.result(0) == "yes"
        answer = await ask(screen, AGENT, is_confirmation=True)
        await screen.press("n")
        await screen.until(lambda: screen.app.screen is screen.main)
        assert answer.result(0) == "no"


async def test_small_screen_has_the_facts_of_a_target_in_a_theme_with_fills(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "TARGET_INTERVAL", 1e6)
    monkeypatch.chdir(project.root)
    project.table(1)
    async with project.open((80, 24), Terminal(theme="dark")) as screen:
        await screen.press("3")
        reach_through_bastion(screen)
        await screen.until("standby, 12 s behind its primary, through bastion")
        assert "app as migrator" in screen.text()
        await screen.press("+")
        await screen.until("ssh        through bastion, 48.0 ms")
        assert "TLS 1.3, verified (verify-full)" in screen.text()
