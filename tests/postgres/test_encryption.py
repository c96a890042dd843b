"""What is said of the protection of a connection, on real servers with and without TLS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.encryption import unverified_words
from koonj.postgres.overview import first_look
from koonj.postgres.server_info import ServerInfo, described
from support.certificates import certificates, with_tls
from support.network_server import NetworkServer, network_server


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def secured(binaries: Binaries, keys: Path) -> Iterator[NetworkServer]:
    """With TLS, for the host localhost."""
    settings = {"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}
    files = (keys / "server.crt", keys / "server.key")
    with network_server(with_tls(binaries), files=files, settings=settings) as running:
        yield running


async def reached(dsn: str, role: str | None = None) -> ServerInfo:
    async with Connector() as connector:
        target = Target("production", dsn, protected=True, role=role)
        async with first_look(connector, target, name="koonj") as (_conn, found):
            return found.server


async def test_words_say_what_libpq_has_checked(secured: NetworkServer, keys: Path) -> None:
    root = keys / "ca.crt"
    named = {"host": "localhost", "hostaddr": "127.0.0.1", "sslrootcert": root}
    for keywords, words in (
        ({**named, "sslmode": "verify-full"}, r"TLS 1\.[23], verified \(verify-full\)"),
        ({**named, "sslmode": "verify-ca"}, r"TLS 1\.[23], certificate verified, name not \(verify-ca\)"),
        ({**named, "sslmode": "require"}, r"TLS 1\.[23], certificate verified, name not \(require\)"),
        ({"sslmode": "require"}, r"TLS 1\.[23], server not verified"),
        ({"sslmode": "prefer"}, r"TLS 1\.[23], server not verified"),
        ({}, r"TLS 1\.[23], server not verified"),
        ({"sslmode": "disable"}, "no TLS"),
    ):
        found = await reached(secured.dsn(**keywords))
        assert re.fullmatch(words, str(found.tls)), (keywords, str(found.tls))
        assert str(found).endswith(f", {found.tls}")


async def test_mode_comes_from_the_environment_and_from_a_service(
    secured: NetworkServer, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-ca")
    monkeypatch.setenv("PGSSLROOTCERT", str(keys / "ca.crt"))
    assert "name not (verify-ca)" in str((await reached(secured.dsn())).tls)
    services = tmp_path / "services"
    services.write_text("[prod]\nsslmode=verify-full\nhost=localhost\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    dsn = f"service=prod hostaddr=127.0.0.1 port={secured.port} dbname=postgres user={secured.user}"
    assert "verified (verify-full)" in str((await reached(dsn)).tls)


async def test_root_file_in_the_home_is_used_by_require(
    secured: NetworkServer, keys: Path, home: Path
) -> None:
    assert "server not verified" in str((await reached(secured.dsn(sslmode="require"))).tls)
    (home / ".postgresql").mkdir()
    (home / ".postgresql/root.crt").write_bytes((keys / "ca.crt").read_bytes())
    assert "name not (require)" in str((await reached(secured.dsn(sslmode="require"))).tls)


async def test_version_is_left_out_if_the_role_may_not_see_it(secured: NetworkServer) -> None:
    with psycopg.connect(secured.dsn(), autocommit=True) as conn:
        conn.execute("CREATE ROLE login LOGIN; CREATE ROLE owner; GRANT owner TO login")
    assert str((await reached(secured.dsn(user="login"), role="owner")).tls) == "TLS, server not verified"


async def test_version_of_another_connection_is_not_that_of_this_one(secured: NetworkServer) -> None:
    """Behind a pooler, pg_stat_ssl describes the connection between pooler and server."""
    async with Connector() as connector, await connector.connect(Target("t", secured.dsn())) as conn:
        for pid, words in ((0, "TLS 1.3, server not verified"), (1, "TLS, server not verified")):
            row = (
                "18.6",
                "",
                "app",
                "ada",
                conn.info.backend_pid + pid,
                0,
                "TLSv1.3",
                1,
                None,
                None,
                False,
                False,
                None,
                None,
                False,
                False,
            )
            assert str(described(conn, row, 0.0).tls) == words


async def test_local_socket_has_no_words(database: str) -> None:
    found = await reached(database)
    assert found.tls is None
    assert str(found).endswith(found.host)


async def test_only_a_protected_target_on_another_machine_is_warned_of(secured: NetworkServer) -> None:
    protected, other = Target("production", "", protected=True), Target("local", "")
    at_home = (await reached(secured.dsn(sslmode="disable"))).tls
    # Behind a tunnel, the address is this machine's, and the server another one.
    away = (await reached(secured.dsn(sslmode="disable", host="db.example.com", hostaddr="127.0.0.1"))).tls
    unchecked = (await reached(secured.dsn(host="db.example.com", hostaddr="127.0.0.1"))).tls
    assert unverified_words(protected, at_home) is None
    assert unverified_words(other, away) is None
    assert unverified_words(protected, None) is None
    assert "no TLS" in (unverified_words(protected, away) or "")
    words = unverified_words(protected, unchecked) or ""
    assert "pretend to be the server" in words
    assert "sslmode=verify-full" in words


@pytest.mark.parametrize("mode", ["prefer", "allow"])
async def test_server_without_tls_is_named(binaries: Binaries, mode: str) -> None:
    with ExitStack() as stack:
        plain = stack.enter_context(network_server(binaries))
        assert str((await reached(plain.dsn(sslmode=mode))).tls) == "no TLS"
