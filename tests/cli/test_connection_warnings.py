"""What the command says about a connection to a protected target that is not verified."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from koonj.postgres.embedded.binaries import Binaries
from support.command import Project
from support.network_server import NetworkServer, network_server


@pytest.fixture(scope="module")
def plain(binaries: Binaries) -> Iterator[NetworkServer]:
    """Without TLS."""
    with network_server(binaries) as running:
        yield running


def configure(files: Project, dsn: str, *, protected: bool) -> None:
    guard = "protected = true\n" if protected else ""
    text = f'migrations = "migrations"\n[targets.production]\ndsn = "{dsn}"\n{guard}'
    (files.root / "koonj.toml").write_text(text)


def test_protected_target_without_verification_is_named_everywhere(
    files: Project, plain: NetworkServer
) -> None:
    files.table(1)
    away = plain.dsn(host="db.example.com", hostaddr="127.0.0.1")  # as through a tunnel
    configure(files, away, protected=True)
    warning = "production is protected, but its connection is not (no TLS)"

    status = files.koonj("status")
    assert f"db.example.com:{plain.port}, no TLS\nwarning: {warning}" in status.out
    found = files.koonj("status", "--json").json
    assert found["server"]["tls"] == {
        "version": None,
        "tls": False,
        "checked": "nothing",
        "sslmode": "prefer",
        "local": False,
    }
    assert [text.startswith(warning) for text in found["warnings"]] == [True]
    assert files.koonj("status", "--all-targets").out.count(warning) == 1

    assert files.koonj("apply", "--plan").out.count(f"note: {warning}") == 1
    [plan] = [e for e in files.koonj("apply", "--plan", "--json").events if e["event"] == "plan_made"]
    assert [note.startswith(warning) for note in plan["plan"]["notes"]][:1] == [True]


def test_other_targets_only_say_how_they_are_protected(files: Project, plain: NetworkServer) -> None:
    for dsn, protected in (
        (plain.dsn(), True),  # this machine
        (plain.dsn(host="db.example.com", hostaddr="127.0.0.1"), False),
    ):
        configure(files, dsn, protected=protected)
        status = files.koonj("status")
        assert ", no TLS\n" in status.out
        assert "warning" not in status.out
        assert "no TLS" not in "".join(
            line for line in files.koonj("apply", "--plan").out.splitlines() if line.startswith("note")
        )
