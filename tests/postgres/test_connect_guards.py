"""Tests of what a connection is opened with, and of the checks before anything is sent over it."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.config import EMBEDDED, Target
from koonj.postgres.connection_string import named_database
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.embedded import shared_server
from koonj.postgres.embedded.server_folder import Home
from koonj.postgres.embedded.temporary_server import TemporaryServer


async def _parameters(dsn: str) -> dict[str, str]:
    async with Connector() as connector, await connector.connect(Target("t", dsn)) as conn:
        return conn.info.get_parameters()


async def test_a_server_that_stays_silent_is_given_up_after_ten_seconds_unless_the_dsn_says_otherwise(
    database: str,
) -> None:
    parts = conninfo_to_dict(database)
    plain = make_conninfo("", **{name: parts[name] for name in ("host", "port", "user", "dbname")})
    assert (await _parameters(plain))["connect_timeout"] == "10"
    assert (await _parameters(make_conninfo(plain, connect_timeout=77)))["connect_timeout"] == "77"


async def test_keepalives_find_a_lost_line_unless_the_dsn_says_otherwise(database: str) -> None:
    found = await _parameters(make_conninfo(database, keepalives_idle=7))
    assert found["keepalives_idle"] == "7"
    assert int(found["keepalives_interval"]) * int(found["keepalives_count"]) <= 60


@dataclass
class OtherLease:
    """A lease of an embedded server, at whose address another server answers."""

    server: TemporaryServer
    cluster_name: str
    closed: bool = False

    def is_alive(self) -> bool:
        return True

    def ensure_database(self, _: str) -> bool:
        return False

    def dsn(self, database: str) -> str:
        return self.server.dsn(database)

    def close(self) -> None:
        self.closed = True


async def test_another_server_at_the_address_of_the_embedded_one_is_refused(
    server: TemporaryServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = str(conninfo_to_dict(database)["dbname"])
    lease = OtherLease(server, "koonj-0123456789abcdef")
    monkeypatch.setattr(shared_server, "open_shared", lambda: lease)
    async with Connector() as connector:
        with pytest.raises(ConnectError, match="reached another server"):
            await connector.connect(Target("t", EMBEDDED, database=name))
        lease.cluster_name = server.cluster_name
        async with await connector.connect(Target("t", EMBEDDED, database=name)) as conn:
            assert conn.info.dbname == name
    assert lease.closed


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[Path]:
    """A folder as koonj makes it for the socket of its server, named by the home in `tmp_path`."""
    folder = Path(tempfile.mkdtemp(prefix="koonj-sockets-", dir="/tmp"))
    (tmp_path / "sockets").write_text(str(folder))
    yield folder
    if folder.is_dir():
        folder.rmdir()
    else:
        folder.unlink()


def test_a_private_folder_for_sockets_is_used(sockets: Path, tmp_path: Path) -> None:
    assert Home(tmp_path, None).sockets() == sockets


@pytest.mark.parametrize("mode", [0o755, 0o701, 0o770, 0o777, 0o500])
def test_a_folder_for_sockets_that_is_open_to_others_is_not_used(
    sockets: Path, tmp_path: Path, mode: int
) -> None:
    sockets.chmod(mode)
    assert Home(tmp_path, None).sockets() is None


def test_a_file_in_place_of_the_folder_for_sockets_is_not_used(sockets: Path, tmp_path: Path) -> None:
    sockets.rmdir()
    sockets.touch()
    sockets.chmod(0o700)
    assert Home(tmp_path, None).sockets() is None


def test_a_link_to_a_folder_for_sockets_is_not_used(sockets: Path, tmp_path: Path) -> None:
    link = sockets.with_name(f"{sockets.name}-link")
    link.symlink_to(sockets)
    try:
        (tmp_path / "sockets").write_text(str(link))
        assert Home(tmp_path, None).sockets() is None
    finally:
        link.unlink()


@pytest.mark.parametrize("prefix", ["koonj-socket-", "koonj-sockets-"], ids=["name", "place"])
def test_a_folder_for_sockets_with_another_name_or_place_is_not_used(tmp_path: Path, prefix: str) -> None:
    place = tmp_path if prefix == "koonj-sockets-" else Path("/tmp")
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    (tmp_path / "sockets").write_text(str(folder))
    assert Home(tmp_path, None).sockets() is None
    folder.rmdir()


def test_a_folder_for_sockets_of_another_user_is_not_used(
    sockets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = sockets.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert Home(tmp_path, None).sockets() is None


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        (EMBEDDED, "mine"),
        ("host=x dbname=shop", "shop"),
        ("postgresql://u@x/shop", "shop"),
        ("host=x", ""),
        ("not valid", ""),
    ],
)
def test_the_database_of_a_target_is_known_without_connecting(dsn: str, expected: str) -> None:
    assert named_database(Target("t", dsn, database="mine")) == expected
