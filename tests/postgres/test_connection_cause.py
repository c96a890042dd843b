"""Failed connections: the cause in the hint, on a real server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.read_transaction import reading
from support.certificates import certificates, with_tls
from support.network_server import NetworkServer, network_server

LOGIN, BUSY, UNREACHABLE = ConnectProblem.LOGIN, ConnectProblem.BUSY, ConnectProblem.UNREACHABLE
TLS, STRING = ConnectProblem.ENCRYPTION, ConnectProblem.STRING

HBA = """\
local all all trust
hostssl all only_tls 127.0.0.1/32 scram-sha-256
host all with_password 127.0.0.1/32 scram-sha-256
host all rejected 127.0.0.1/32 reject
host all postgres,limited,no_login,missing,plain 127.0.0.1/32 trust
"""
SETUP = """\
CREATE ROLE with_password LOGIN PASSWORD 'right'; CREATE ROLE rejected LOGIN; CREATE ROLE plain LOGIN;
CREATE ROLE limited LOGIN CONNECTION LIMIT 0; CREATE ROLE no_login; CREATE ROLE only_tls LOGIN PASSWORD 'right';
CREATE DATABASE private; REVOKE CONNECT ON DATABASE private FROM PUBLIC;
CREATE DATABASE closed ALLOW_CONNECTIONS false; CREATE DATABASE small CONNECTION LIMIT 0;
"""


async def refusal(dsn: str, role: str | None = None) -> ConnectError:
    async with Connector() as connector:
        with pytest.raises(ConnectError) as caught:
            async with reading(connector, Target("t", dsn, role=role), name="koonj"):
                pass
    return caught.value


def prepare(server: NetworkServer) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        for statement in SETUP.split(";")[:-1]:
            conn.execute(statement.encode())


@pytest.fixture(scope="module")
def plain(binaries: Binaries) -> Iterator[NetworkServer]:
    """Without TLS, and with room for three sessions of no superuser."""
    hba = HBA.replace("hostssl all only_tls 127.0.0.1/32 scram-sha-256\n", "")
    settings = {"max_connections": "5", "superuser_reserved_connections": "2", "max_wal_senders": "0"}
    with network_server(binaries, hba, settings=settings) as running:
        prepare(running)
        yield running


@pytest.mark.parametrize(
    ("keywords", "problem", "words"),
    [
        ({"user": "with_password", "password": "wrong"}, LOGIN, "The password is wrong"),
        (
            {"user": "with_password", "passfile": "/nowhere"},
            LOGIN,
            "requires a password, and none is configured",
        ),
        ({"user": "missing"}, LOGIN, "Create the role missing"),
        ({"user": "no_login"}, LOGIN, "Use a user that can log in"),
        (
            {"user": "rejected"},
            LOGIN,
            "The server accepts this login only with TLS, or not at all|pg_hba.conf",
        ),
        ({"user": "unlisted"}, LOGIN, "only with TLS, or not at all"),
        ({"dbname": "nowhere"}, LOGIN, "Create the database nowhere"),
        ({"dbname": "private", "user": "plain"}, LOGIN, "Grant CONNECT on the database private"),
        ({"dbname": "closed"}, BUSY, "ALLOW_CONNECTIONS"),
        ({"dbname": "small", "user": "plain"}, BUSY, "CONNECTION LIMIT of the database"),
        ({"user": "limited"}, BUSY, "CONNECTION LIMIT of the role"),
        ({"options": "-c nowhere=1"}, STRING, "Correct options="),
        ({"sslmode": "require"}, TLS, "The server has no TLS"),
        ({"sslmode": "maybe"}, STRING, "Correct this value"),
        ({"port": "many"}, STRING, "Correct this value"),
    ],
)
async def test_refused_login_has_its_cause(
    plain: NetworkServer, keywords: dict[str, str], problem: ConnectProblem, words: str
) -> None:
    error = await refusal(plain.dsn(**keywords))
    assert error.problem is problem, error.message
    assert any(part in error.hint for part in words.split("|")), error.hint
    assert "\n" not in error.message.partition("\nDETAIL")[0]


async def test_too_many_connections_are_named(plain: NetworkServer) -> None:
    with ExitStack() as stack:
        with suppress(psycopg.OperationalError):  # earlier sessions can still be ending
            for _ in range(4):
                stack.enter_context(psycopg.connect(plain.dsn(user="plain")))
        error = await refusal(plain.dsn(user="plain"))
    assert (error.problem, "max_connections" in error.hint) == (BUSY, True)


async def test_role_of_the_target_is_named(plain: NetworkServer) -> None:
    error = await refusal(plain.dsn(), role="nowhere")
    assert (error.problem, "role = 'nowhere'" in error.hint) == (LOGIN, True)
    error = await refusal(plain.dsn(user="plain"), role="limited")
    assert (error.problem, "a member of it" in error.hint) == (LOGIN, True)


async def test_server_that_starts_is_not_a_wrong_password() -> None:
    error = await _answered(_fatal("57P03", "the database system is starting up"))
    assert (error.problem, "Wait" in error.hint) == (BUSY, True)


async def test_refused_login_of_a_translated_server_is_a_refused_login() -> None:
    error = await _answered(_fatal("28P01", "Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen"))
    assert (error.problem, "rejected the login" in error.hint) == (LOGIN, True)


async def test_expired_token_is_named() -> None:
    error = await _answered(_fatal("28000", 'PAM authentication failed for user "x"'))
    assert (error.problem, "has expired" in error.hint) == (LOGIN, True)


def _fatal(sqlstate: str, message: str) -> bytes:
    """Return an ErrorResponse."""
    body = f"SFATAL\0VFATAL\0C{sqlstate}\0M{message}\0\0".encode()
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


async def test_another_program_on_the_port_is_named() -> None:
    error = await _answered(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert (error.problem, "Another program" in error.hint) == (UNREACHABLE, True)


async def _answered(answer: bytes) -> ConnectError:
    """Return the error for a server that answers the first message with these bytes."""

    def serve() -> None:
        taken, _address = listener.accept()
        with taken:
            taken.recv(1000)
            taken.sendall(answer)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(target=serve, daemon=True).start()
        port = listener.getsockname()[1]
        return await refusal(f"host=127.0.0.1 port={port} dbname=x user=x sslmode=disable")


async def test_server_that_does_not_answer_is_a_timeout() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        error = await refusal(f"host=127.0.0.1 port={port} dbname=x user=x connect_timeout=2")
    assert (error.problem, "did not respond in time" in error.hint) == (UNREACHABLE, True)


@pytest.mark.parametrize(
    ("dsn", "problem", "words"),
    [
        ("host=db.nowhere.invalid dbname=x", UNREACHABLE, "db.nowhere.invalid"),
        ("host=127.0.0.1 port=1 dbname=x user=service", UNREACHABLE, "No server listens there"),
        ("host=127.0.0.1,127.0.0.2 port=1,1 dbname=x user=x", UNREACHABLE, "No server listens there"),
        ("host=/nowhere dbname=x user=x", UNREACHABLE, "No server has its socket there"),
        ("service=there_is_none", STRING, "pg_service.conf"),
        ("postgresql://x@h/d?schema=public", STRING, "options=-csearch_path"),
        ("postgresql://x@h/d?sslmode=prefer&pgbouncer=true", STRING, "another client"),
        ("host=h flavour=sweet", STRING, "another client"),
    ],
)
async def test_server_that_is_not_reached_has_its_cause(
    dsn: str, problem: ConnectProblem, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = await refusal(dsn)
    assert (error.problem, words in error.hint) == (problem, True), (error.message, error.hint)
    if "pg_service" not in words:
        assert "service" not in error.hint


async def test_foreign_parameter_is_named_and_no_password_is_shown() -> None:
    assert (
        "the parameter schema, which libpq does not know"
        in (await refusal("postgresql://x@h/d?schema=a")).message
    )
    for dsn in (
        "postgresql://x:pa?word=1@h/d",
        "postgresql://x:pa?word@h/d",
        "postgresql://x@h/d?password=pa&word=1",
        "host=h password=pa word=1",
        "postgresql://x:a b@h/d?schema=x",
    ):
        error = await refusal(dsn)
        assert "word" not in error.message + error.hint
        assert "a b" not in error.message + error.hint


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("keys"))


@dataclass
class Secured:
    """Servers with TLS; each has another certificate."""

    valid: NetworkServer
    """Only for localhost, in its common name."""
    expired: NetworkServer
    named: NetworkServer
    """For the names of a database behind a bastion."""
    own: NetworkServer
    """Signed by itself."""


@pytest.fixture(scope="module")
def secured(binaries: Binaries, keys: Path) -> Iterator[Secured]:
    built = with_tls(binaries)
    with ExitStack() as stack:
        servers = []
        for certificate in ("server.crt", "expired.crt", "named.crt", "own.crt"):
            settings = {"ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": "server.key"}
            files = (keys / certificate, keys / "server.key")
            servers.append(stack.enter_context(network_server(built, HBA, files, settings)))
        prepare(servers[0])
        yield Secured(*servers)


FULL = {"sslmode": "verify-full", "host": "localhost", "hostaddr": "127.0.0.1"}
BUNDLE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem and set sslrootcert to that file"


@pytest.mark.parametrize(
    ("server", "root", "keywords", "words"),
    [
        ("valid", "ca.crt", {"sslmode": "verify-full"}, "is for localhost, and not for 127.0.0.1"),
        (
            "named",
            "ca.crt",
            {**FULL, "host": "bastion"},
            "is for db.internal, *.db.internal, 10.0.0.5, and not for bastion",
        ),
        ("valid", "other.crt", {"sslmode": "verify-ca"}, "No CA that {root} contains signed"),
        ("valid", "other.crt", {"sslmode": "verify-ca"}, "a public CA: sslrootcert=system"),
        ("valid", "other.crt", {**FULL, "host": "app.c1.eu-west-1.rds.amazonaws.com"}, BUNDLE),
        ("valid", "system", {**FULL, "host": "app.c1.eu-west-1.rds.amazonaws.com"}, BUNDLE),
        ("valid", "none.crt", {**FULL, "host": "app.c1.eu-west-1.rds.amazonaws.com"}, BUNDLE),
        ("valid", "none.crt", FULL, "The CA's certificate is missing: there is no {root}"),
        ("valid", None, FULL, "there is no {home}/.postgresql/root.crt"),
        ("valid", "system", FULL, "No CA that this machine trusts"),
        ("own", "ca.crt", FULL, "It is signed by itself: copy it from the server"),
        ("expired", "ca.crt", {"sslmode": "verify-ca"}, "certificate has expired. Renew it on the server."),
    ],
)
async def test_untrusted_certificate_has_its_cause(
    secured: Secured,
    keys: Path,
    home: Path,
    server: str,
    root: str | None,
    keywords: dict[str, str],
    words: str,
) -> None:
    file = root if root is None or root == "system" else str(keys / root)
    given = {} if file is None else {"sslrootcert": file}
    error = await refusal(getattr(secured, server).dsn(**keywords, **given))
    assert error.problem is TLS, error.message
    assert words.format(root=file, home=home) in error.hint, (error.message, error.hint)


async def test_public_certificate_asks_for_the_cas_of_the_machine(
    secured: Secured, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(keys / "ca.crt"))  # OpenSSL's file of this machine's CAs
    for root in ("other.crt", "none.crt"):
        error = await refusal(secured.valid.dsn(**FULL, sslrootcert=keys / root))
        assert "set sslrootcert=system." in error.hint, (error.message, error.hint)


async def test_root_file_of_a_service_is_named(
    secured: Secured, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = tmp_path / "services"
    services.write_text(f"[prod]\nsslmode=verify-ca\nsslrootcert={keys}/other.crt\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    error = await refusal(secured.valid.dsn(service="prod"))
    assert f"No CA that {keys}/other.crt contains" in error.hint


@pytest.mark.parametrize(
    ("keywords", "problem", "words"),
    [
        # The second try, without TLS, is only refused because it has no TLS.
        ({"user": "only_tls", "password": "wrong"}, LOGIN, "The password is wrong"),
        ({"user": "only_tls", "password": "right", "sslrootcert": "other.crt"}, TLS, "No CA that"),
        # The first try, without TLS, is.
        ({"user": "only_tls", "password": "wrong", "sslmode": "allow"}, LOGIN, "The password is wrong"),
        # Without TLS, the login would succeed if the password were right.
        (
            {"user": "with_password", "password": "wrong", "sslrootcert": "other.crt"},
            LOGIN,
            "password is wrong",
        ),
        ({"user": "unlisted"}, LOGIN, "Allow this host, user and database"),
        ({"user": "only_tls", "password": "right", "sslmode": "disable"}, LOGIN, "only with TLS"),
    ],
)
async def test_two_tries_have_one_reason(
    secured: Secured, keys: Path, keywords: dict[str, str], problem: ConnectProblem, words: str
) -> None:
    given = {k: keys / v if k == "sslrootcert" else v for k, v in keywords.items()}
    error = await refusal(secured.valid.dsn(**given))
    assert (error.problem, words in error.hint) == (problem, True), (error.message, error.hint)
    assert error.message.count("failed: ") == 2  # the connection's, and the attempt's
    if "only with TLS" not in words:
        assert "no encryption" not in error.message
