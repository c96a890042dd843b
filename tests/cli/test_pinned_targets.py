"""A target that is another database than at the first connection: reads warn, changes stop."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.pinned_targets import DatabaseIdentity, Pin, other_pin, pin_of
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.initdb import make_cluster
from koonj.postgres.embedded.os_account import Account, give
from koonj.user_folders import UserFolderError
from support.command import Project
from support.network_server import network_server

APP = DatabaseIdentity("7714054365419282856", 16384, 16390, "app")


@dataclass
class Service:
    """A target whose dsn stays the same while the database behind it changes."""

    files: Project
    places: Path

    def lead_to(self, dsn: str) -> None:
        lines = (f"{name}={value}\n" for name, value in conninfo_to_dict(dsn).items())
        self.places.write_text("[prod]\n" + "".join(lines))


@pytest.fixture
def service(files: Project, home: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("PGSERVICEFILE", str(home / "services"))
    text = 'migrations = "migrations"\n[targets.production]\ndsn = "service=prod"\n'
    (files.root / "koonj.toml").write_text(text)
    files.table(1)
    return Service(files, home / "services")


def test_another_database_behind_the_same_dsn_stops_a_change(
    service: Service, make_database: Callable[[], str]
) -> None:
    koonj, first, other = service.files.koonj, make_database(), make_database()
    service.lead_to(first)
    assert "warning" not in koonj("status").out
    assert koonj("apply", "--yes").code == 0
    service.lead_to(other)

    status = koonj("status")
    assert "warning: production is another database than before. On " in status.out
    assert status.code == 3, "a read only warns"
    for dsn in (first, other):
        assert f"database {conninfo_to_dict(dsn)['dbname']} (OID " in status.out
    assert "run: koonj trust --target production" in status.out
    for words in ("apply --plan", "drift"):
        assert "note: production is another database" in koonj(*words.split()).out
    for words in ("history", "history --limit 5", "settle 1"):
        assert "warning: production is another database than before. On " in koonj(*words.split()).err
        assert len(koonj(*words.split(), "--json").json["warnings"]) == 1
    for command in (("apply", "--yes"), ("apply", "--yes", "--batch"), ("apply", "--yes", "--probe")):
        result = koonj(*command)
        assert result.code == 1, result.out
        assert "production: the target is another database than before" in result.err
        assert "Nothing was changed." in result.err
    with psycopg.connect(other) as conn:
        assert conn.execute("SELECT FROM pg_namespace WHERE nspname = 'koonj'").fetchall() == []

    accepted = koonj("trust", "--target", "production")
    assert accepted.out.startswith(f"was database {conninfo_to_dict(first)['dbname']} (OID ")
    assert f"trusted production: database {conninfo_to_dict(other)['dbname']} (OID " in accepted.out
    assert koonj("apply", "--yes").code == 0
    assert "warning" not in koonj("status").out
    service.lead_to(first)
    assert "another database" in koonj("rollback", "--yes").err
    with psycopg.connect(first) as conn:
        assert conn.execute("SELECT to_regclass('t1')::text").fetchall() == [("t1",)]


def test_database_that_is_dropped_and_created_again_is_pinned_anew(
    service: Service, make_database: Callable[[], str]
) -> None:
    """One with a history is another database, and so is each one of a protected target."""
    koonj, dsn = service.files.koonj, make_database()
    name = conninfo_to_dict(dsn)["dbname"]

    def create_again() -> None:
        with psycopg.connect(make_conninfo(dsn, dbname="postgres"), autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
            conn.execute(f"CREATE DATABASE {name} TEMPLATE template0")

    service.lead_to(dsn)
    assert koonj("apply", "--yes").code == 0
    create_again()
    status = koonj("status").out
    assert (
        f"warning: Database {name} of production was dropped and created again, and has no history." in status
    )
    assert "warning" not in koonj("status").out, "it is said once"
    assert koonj("apply", "--yes").code == 0
    create_again()
    assert koonj("apply", "--yes", "--dsn", dsn).code == 0
    assert "the target is another database than before" in koonj("rollback", "--yes").err
    create_again()
    settings = service.files.root / "koonj.toml"
    settings.write_text(settings.read_text() + "protected = true\n")
    assert (
        "the target is another database than before" in koonj("apply", "--yes", "--confirm", "production").err
    )


def new_cluster(binaries: Binaries, data: Path, account: Account | None) -> None:
    """Make a cluster with a system identifier of its own; those of other tests are copies of one."""
    data.mkdir(mode=0o700)
    give(data, account)
    make_cluster(binaries, data, account, durable=False)


def test_another_server_is_told_by_its_system_identifier(service: Service, binaries: Binaries) -> None:
    koonj = service.files.koonj
    with network_server(binaries) as first, network_server(binaries, fill=new_cluster) as other:
        service.lead_to(first.dsn())
        found = koonj("status", "--json").json
        service.lead_to(other.dsn())
        now = koonj("status", "--json").json
    with network_server(binaries) as copy:  # of the files of the first one, as by pg_basebackup
        service.lead_to(copy.dsn())
        assert koonj("status", "--json").json["warnings"] == []
    before, after = found["server"]["identity"], now["server"]["identity"]
    assert before["database"] == after["database"]
    assert before["system"] != after["system"]
    assert found["warnings"] == []
    assert f"system {before['system']} at" in now["warnings"][0]
    assert f"system {after['system']} at" in now["warnings"][0]


def test_role_that_may_not_read_the_system_identifier_is_pinned_by_the_rest(
    service: Service, binaries: Binaries
) -> None:
    koonj = service.files.koonj
    with network_server(binaries) as server:
        with psycopg.connect(server.dsn(dbname="template1"), autocommit=True) as conn:
            conn.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; CREATE ROLE app LOGIN")
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute("CREATE DATABASE one OWNER app")
            conn.execute("CREATE DATABASE two OWNER app")
        service.lead_to(server.dsn(user="app", dbname="one"))
        found = koonj("status", "--json").json
        assert (found["server"]["identity"]["system"], found["warnings"]) == (None, [])
        service.lead_to(server.dsn(user="app", dbname="two"))
        assert "does not tell its identifier" in koonj("apply", "--yes").err


def test_trust_says_both_as_json(service: Service, make_database: Callable[[], str]) -> None:
    koonj = service.files.koonj
    service.lead_to(make_database())
    assert koonj("trust", "--target", "production", "--json").json["before"] is None
    service.lead_to(make_database())
    found = koonj("trust", "--target", "production", "--json").json
    assert found["target"] == "production"
    assert found["before"]["identity"]["database"] != found["now"]["identity"]["database"]
    assert found["before"]["identity"]["system"] == found["now"]["identity"]["system"]
    assert "without --remove and --list" in koonj("trust", "--target", "production", "--list").err


def test_a_dsn_that_the_user_names_and_the_embedded_server_are_not_pinned(
    service: Service, make_database: Callable[[], str], home: Path
) -> None:
    for dsn in (make_database(), make_database()):
        assert "warning" not in service.files.koonj("status", "--dsn", dsn).out
    assert not list(home.rglob("pinned.json"))
    (service.files.root / "koonj.toml").write_text(
        'migrations = "migrations"\n[targets.local]\ndsn = "embedded"\n'
    )
    assert "local is koonj's own server" in service.files.koonj("trust", "--target", "local").err


def test_state_folder_that_cannot_be_used_warns_and_stops_nothing(
    service: Service, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.lead_to(database)
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where the journal of the run goes then
    status = service.files.koonj("status")
    assert "warning: koonj cannot tell whether production is the same database as before." in status.out
    assert service.files.koonj("apply", "--yes").code == 0


@pytest.mark.parametrize("content", ["{", '{"pins": [{}]}', '{"pins": 1}', "[]"])
def test_damaged_file_warns_and_is_kept(service: Service, database: str, home: Path, content: str) -> None:
    service.lead_to(database)
    service.files.koonj("status")
    [file] = home.rglob("pinned.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text(content)
    assert "koonj cannot tell whether production" in service.files.koonj("status").out
    assert file.read_text() == content
    file.unlink()
    assert "warning" not in service.files.koonj("status").out
    file.chmod(0o666)
    assert "other users own it or can write to it" in service.files.koonj("status").out


# The file itself


def environ_of(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "XDG_STATE_HOME": str(home / "state")}


def test_one_of_several_that_pin_at_once_wins(tmp_path: Path) -> None:
    """All others see the pin of the one that won, and none is lost of the pins of other targets."""
    environ, count = environ_of(tmp_path), 12
    gate, results = threading.Barrier(count), dict[int, Pin | None]()

    def pin_now(number: int) -> None:
        gate.wait()
        found = DatabaseIdentity("1", number, None, "app")
        results[number] = other_pin("/project", "production", found, "db", environ)
        other_pin("/project", f"target {number}", found, "db", environ)

    threads = [threading.Thread(target=pin_now, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [number for number, other in results.items() if other is None]
    assert len(winners) == 1
    assert {other.identity.database for other in results.values() if other is not None} == set(winners)
    for number in range(count):
        known = pin_of("/project", f"target {number}", environ)
        assert known is not None
        assert known.identity.database == number


def test_pin_learns_what_becomes_known(tmp_path: Path) -> None:
    environ = environ_of(tmp_path)
    for found in (
        DatabaseIdentity(None, 16384, None, "app"),
        DatabaseIdentity(None, 16384, 16390, "app"),  # the history was created
        APP,  # the role may read the system identifier now
        DatabaseIdentity(None, 16384, 16390, "renamed"),
    ):
        assert other_pin("/project", "production", found, "db", environ) is None
    known = pin_of("/project", "production", environ)
    assert known is not None
    assert (known.identity.system, known.identity.history) == (APP.system, 16390)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (DatabaseIdentity(APP.system, 16384, 17000, "app"), True),  # the history was made anew
        (DatabaseIdentity(APP.system, 16384, None, "new_name"), True),
        (DatabaseIdentity("1", 16384, 16390, "app"), False),
        (DatabaseIdentity(APP.system, 16385, 16390, "app"), False),
        (DatabaseIdentity(None, 16384, 16390, "app"), True),
        (DatabaseIdentity(None, 16384, 17000, "app"), False),
        (DatabaseIdentity(None, 16384, None, "app"), True),
    ],
)
def test_what_is_another_database(other: DatabaseIdentity, same: bool) -> None:
    assert APP.is_same(other) is same
    assert other.is_same(APP) is same


def test_file_of_other_users_is_no_pin(tmp_path: Path) -> None:
    environ = environ_of(tmp_path)
    other_pin("/project", "production", APP, "db", environ)
    [file] = tmp_path.rglob("pinned.json")
    assert json.loads(file.read_text())["pins"][0]["identity"]["system"] == APP.system
    target = tmp_path / "elsewhere.json"
    file.rename(target)
    file.symlink_to(target)
    with pytest.raises(UserFolderError):
        other_pin("/project", "production", APP, "db", environ)
