"""The name of a run's session: what it says, and that PostgreSQL keeps all of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from koonj.postgres import run_name as module
from koonj.postgres.run_name import RunName, run_name, session_name

ID = "3f2a91c4-8f1e-4c7c-9d53-0a1b2c3d4e5f"


@pytest.fixture(autouse=True)
def _user(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "os_user", lambda: "dev1")
    monkeypatch.setattr(socket, "gethostname", lambda: "bastion1")
    module.user_at_host.cache_clear()
    yield
    module.user_at_host.cache_clear()


def test_name_of_a_run_is_read_back() -> None:
    assert session_name(ID) == "koonj 3f2a91c4 dev1@bastion1"
    assert session_name(ID, 12, 40) == "koonj 3f2a91c4 12/40 dev1@bastion1"
    assert run_name(session_name(ID)) == RunName("3f2a91c4", None, None, "dev1@bastion1")
    assert run_name(session_name(ID, 12, 40)) == RunName("3f2a91c4", 12, 40, "dev1@bastion1")


@pytest.mark.parametrize(
    "name", ["", "koonj", "koonj status", "koonj watch", "psql", "koonj 3f2a91c4-8f1e x", "xkoonj 3f2a91c4"]
)
def test_name_of_another_session_is_of_no_run(name: str) -> None:
    assert run_name(name) is None


def test_a_long_or_foreign_name_fits_into_what_postgresql_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "os_user", lambda: "Łukasz Müller")
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 80)
    module.user_at_host.cache_clear()
    name = session_name(ID, 1999, 2000)
    assert name.isascii()
    assert len(name) == 63
    found = run_name(name)
    assert found is not None
    assert (found.index, found.of) == (1999, 2000)
    assert found.who.startswith("?ukasz?M?ller@hhh")
