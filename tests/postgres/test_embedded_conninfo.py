"""Test that PG* variables cannot redirect or break our connections."""

from pathlib import Path

import psycopg
import pytest
from psycopg import pq

from koonj.postgres.embedded.conninfo import NOT_OVERRIDDEN, conninfo
from koonj.postgres.embedded.temporary_server import TemporaryServer

# One bad value for every variable of libpq 18: each would redirect the connection or make it fail.
HOSTILE = {
    "PGHOST": "192.0.2.1", "PGHOSTADDR": "192.0.2.1", "PGPORT": "1", "PGUSER": "nobody-here", "PGDATABASE": "production",
    "PGPASSWORD": "x", "PGPASSFILE": "/nowhere", "PGCHANNELBINDING": "require", "PGCONNECT_TIMEOUT": "soon",
    "PGCLIENTENCODING": "SQL_ASCII", "PGOPTIONS": "-c nonsense=1", "PGAPPNAME": "other", "PGSSLMODE": "verify-full",
    "PGSSLNEGOTIATION": "direct", "PGSSLCOMPRESSION": "1", "PGSSLCERT": "/nowhere", "PGSSLKEY": "/nowhere",
    "PGSSLCERTMODE": "require", "PGSSLROOTCERT": "system", "PGSSLCRL": "/nowhere", "PGSSLCRLDIR": "/nowhere",
    "PGSSLSNI": "0", "PGREQUIREPEER": "mallory", "PGREQUIREAUTH": "scram-sha-256", "PGMINPROTOCOLVERSION": "9.9",
    "PGMAXPROTOCOLVERSION": "1.0", "PGSSLMINPROTOCOLVERSION": "TLSv1.3", "PGSSLMAXPROTOCOLVERSION": "TLSv1",
    "PGGSSENCMODE": "require", "PGKRBSRVNAME": "other", "PGGSSLIB": "gssapi", "PGGSSDELEGATION": "1",
    "PGTARGETSESSIONATTRS": "standby", "PGLOADBALANCEHOSTS": "random", "PGSERVICEFILE": "/nowhere",
    "PGSYSCONFDIR": "/nowhere", "PGREALM": "OTHER", "PGLOCALEDIR": "/nowhere",
}  # fmt: skip


def test_hostile_variables_do_not_redirect_the_connection(
    server: TemporaryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    known = {option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
    assert known - set(HOSTILE) <= set(NOT_OVERRIDDEN), (
        "libpq has a new variable: give it a hostile value here"
    )
    with psycopg.connect(server.dsn()) as connection:
        row = connection.execute(
            "select current_setting('cluster_name'), current_user::text, current_database()::text,"
            " current_setting('client_encoding')"
        ).fetchone()
    assert row == (server.cluster_name, "postgres", "postgres", "UTF8")


def test_service_does_not_redirect_the_connection(
    server: TemporaryServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "services").write_text(
        "[real]\nhost=192.0.2.1\nhostaddr=192.0.2.1\nport=1\nuser=x\ndbname=y\n"
    )
    monkeypatch.setenv("PGSERVICE", "real")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    with psycopg.connect(server.dsn()) as connection:
        assert connection.execute("select current_setting('cluster_name')").fetchone() == (
            server.cluster_name,
        )


@pytest.mark.parametrize("name", NOT_OVERRIDDEN)
def test_not_overridden_variable_makes_the_connection_fail(
    server: TemporaryServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "no-such-thing")
    with pytest.raises(psycopg.OperationalError, match=r"no-such-thing|geqo"):
        psycopg.connect(server.dsn())


def test_values_are_quoted() -> None:
    parsed = psycopg.conninfo.conninfo_to_dict(conninfo(Path("/tmp/a b'c\\d"), "o'neill", "x y"))
    assert (parsed["host"], parsed["user"], parsed["dbname"]) == ("/tmp/a b'c\\d", "o'neill", "x y")
