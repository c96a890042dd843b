"""How the terminal UI shows the protection of a connection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from koonj.config import Target
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.encryption import Checked, Encryption
from koonj.postgres.server_info import ServerInfo
from koonj.runner.target.status import TargetStatus
from koonj.tui.render.headline import tls_part
from koonj.tui.render.target_facts import card_facts, target_facts
from koonj.tui.render.target_lines import detail_lines
from koonj.tui.state.snapshot import Check
from koonj.tui.theme import DIM, WARNING
from support.network_server import NetworkServer, network_server
from support.screen import Project


@pytest.fixture(scope="module")
def plain(binaries: Binaries) -> Iterator[NetworkServer]:
    """Without TLS."""
    with network_server(binaries) as running:
        yield running


def check(*, tls: bool, checked: Checked, local: bool = False) -> Check:
    found = Encryption("1.3" if tls else None, tls=tls, checked=checked, sslmode="verify-full", local=local)
    server = ServerInfo("18.6", 18, "app", "ada", "db:5432", 0.001, tls=found)
    status = TargetStatus("production", "host=db", protected=True, server=server)
    return Check(Target("production", "host=db", protected=True), status)


@pytest.mark.parametrize(
    ("tls", "checked", "words", "short"),
    [
        (True, Checked.NAME, "TLS 1.3, verified (verify-full)", "TLS 1.3"),
        (True, Checked.NOTHING, "TLS 1.3, server not verified", "not verified"),
        (False, Checked.NOTHING, "no TLS", "no TLS"),
    ],
)
def test_first_line_and_targets_say_it_as_far_as_it_fits(
    tls: bool, checked: Checked, words: str, short: str
) -> None:
    known = check(tls=tls, checked=checked)
    looks = DIM if checked is Checked.NAME else WARNING
    assert tls_part(known, 80)[1:] == [(words, looks)]
    assert tls_part(known, len(short) + 2)[1:] == [(short, looks)]
    assert tls_part(known, len(short) + 1) == []
    for lines in (target_facts(known, 80), card_facts(known, 80, past=False)):
        [found] = [line for line in lines if any(text.strip() == "network" for text, _ in line)]
        assert (words, looks) in found
    assert words in [text.strip() for text, _ in detail_lines(known, 80)]
    at_home = check(tls=tls, checked=checked, local=True)
    assert tls_part(at_home, 80)[1:] == [(words, DIM)]


async def test_protected_target_without_verification_warns_once(tmp_path: Path, plain: NetworkServer) -> None:
    dsn = plain.dsn(host="db.example.com", hostaddr="127.0.0.1")
    project = Project(tmp_path, Target("production", dsn, protected=True))
    async with project.open((160, 40)) as screen:
        await screen.until("production is protected, but its connection is not (no TLS)")
        assert "no TLS" in screen.top()
        assert any("no TLS" in line for line in screen.targets())
        await screen.press("down")
        await screen.until(lambda: "its connection is not" not in screen.text())
        before = screen.main.snapshot.check.status
        await screen.press("R")
        await screen.until(lambda: screen.main.snapshot.check.status is not before)
        await screen.pilot.pause()  # a message brings the words to the bottom line
        assert "its connection is not" not in screen.text()
