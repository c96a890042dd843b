"""Tests for [scratch] and [policy] of koonj.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.config import ConfigError, Password, ScratchPlace, project_folders
from koonj.config.rehearsal import switched
from koonj.config.server import same_server
from support.config_project import Project

TARGETS = '[targets.a]\ndsn = "dbname=a"\n[targets.b]\ndsn = "host=db dbname=b"\nprotected = true\n'


def required(project: Project, toml: str) -> dict[str, bool]:
    return {target.name: target.require_verified for target in project.toml(toml).load().targets}


def test_only_a_protected_target_requires_a_verified_rollback_by_default(project: Project) -> None:
    assert required(project, TARGETS) == {"a": False, "b": True}


@pytest.mark.parametrize(("word", "all_require"), [("verified", True), ("off", False)])
def test_policy_applies_to_all_targets(project: Project, word: str, all_require: bool) -> None:
    assert required(project, f'[policy]\nrequire = "{word}"\n{TARGETS}') == {
        "a": all_require,
        "b": all_require,
    }


def test_own_policy_of_a_target_has_priority(project: Project) -> None:
    own = '[targets.b.policy]\nrequire = "off"\n'
    assert required(project, f'[policy]\nrequire = "verified"\n{TARGETS}{own}') == {"a": True, "b": False}


def test_policy_applies_to_a_dsn_of_the_command_line(project: Project) -> None:
    assert not project.toml(TARGETS).load(dsn="dbname=x").target.require_verified
    project.toml(f'[policy]\nrequire = "verified"\n{TARGETS}')
    assert project.load(dsn="dbname=x").target.require_verified


def test_scratch_server_is_embedded_by_default(project: Project) -> None:
    assert project.toml(TARGETS).load().scratch == ScratchPlace()
    assert project.toml(f'[scratch]\ndsn = "embedded"\n{TARGETS}').load().scratch == ScratchPlace()


def test_scratch_server_is_read_from_koonj_toml(project: Project) -> None:
    project.toml(f'[scratch]\ndsn = "host=scratch user=me"\npassword = {{ env = "SCRATCH" }}\n{TARGETS}')
    assert project.load().scratch == ScratchPlace("host=scratch user=me", Password("env", "SCRATCH"))


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (
            '[scratch]\ndsn = "host=db"\nssh = "bastion"',
            "koonj.toml:3: koonj does not go through ssh to a scratch server. Open a tunnel yourself, for example "
            "ssh -N -L 6432:db.internal:5432 bastion, and write its end: host=localhost port=6432.",
        ),
        (
            '[policy]\nrequire = "verifyed"',
            "koonj.toml:2: require must be 'verified' or 'off'. Did you mean 'verified'?",
        ),
        ("[policy]\nrequires = 1", "koonj.toml:2: unknown key 'requires'. Did you mean 'require'?"),
        ('[targets.a.policy]\nrequire = "on"', "require must be 'verified' or 'off'"),
        ("[scratch]\ndsn = 5", "koonj.toml:2: scratch.dsn must be a string"),
        ('[scratch]\ndns = "x"', "Did you mean 'dsn'?"),
        ('[scratch]\ndsn = "nonsense"', "koonj.toml:2: 'nonsense' is not a connection string. Use"),
        ('[scratch]\ndsn = ""', "dsn is empty"),
        ('[scratch]\ndsn = "host=x password=y"', "dsn contains a password"),
        ('[scratch]\npassword = { env = "X" }', "[scratch] has a password but no dsn"),
        ('[scratch]\ndsn = "host=db"', "the server of the protected target b."),
        ('[scratch]\ndsn = "postgresql://DB:5432/x"', "the server of the protected target b."),
    ],
)
def test_invalid_table_is_an_error(project: Project, toml: str, message: str) -> None:
    text = f"{toml}\n{TARGETS}" if "targets.a" not in toml else f"{TARGETS}{toml}\n"
    assert message in project.error(text)


def test_places_ignores_an_invalid_scratch_server(project: Project) -> None:
    project.toml('[scratch]\ndsn = "host=db"\n' + TARGETS)
    assert project_folders(project.root).root == project.root


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("host=a", "postgresql://a/db"),
        ("host=a port=5433", "postgresql://me:secret@a:5433/db"),
        ("host=a,b", "host=b dbname=x"),
        ("host=a,b port=1,2", "postgresql://b:2"),
        ("", "host=localhost"),
        ("host=127.0.0.1", "postgresql://[::1]/x"),
        ("host=/run/pg", "postgresql://%2Frun%2Fpg/x"),
        ("host='/run/pg'", "postgresql:///x?host=/run/pg"),
        ("service=a", "service=a dbname=b"),
        ("hostaddr=10.0.0.1", "host=10.0.0.1"),
        ("host=db hostaddr=10.0.0.1", "host=DB."),
        ("host=db hostaddr=10.0.0.1", "host=10.0.0.1"),
        ("", "host=/var/run/postgresql"),
        ("host=127.0.0.2", "host=/tmp"),
        ("host=/srv/../srv/pg", "host=/srv/pg/"),
        ("host=2001:db8::1", "postgresql://[2001:DB8:0::1]/x"),
        ("host=a port=5432", "postgresql://a,b"),
    ],
)
def test_same_server_is_recognized(one: str, other: str) -> None:
    assert same_server(one, other, {})
    assert same_server(other, one, {})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("host=a", "host=b"),
        ("host=a port=5433", "host=a"),
        ("host=/run/a", "host=/run/b"),
        ("service=a", "service=b"),
        ("embedded", "embedded"),
        ("embedded", ""),
        ("host=a,b port=1,2", "host=b port=1"),
    ],
)
def test_different_servers_are_distinguished(one: str, other: str) -> None:
    assert not same_server(one, other, {})


def test_same_server_is_recognized_by_environment_and_service(tmp_path: Path) -> None:
    services = tmp_path / "services"
    services.write_text(
        "# of the team\n[other]\nhost=else\n\n[live]\nhost = db.internal\nport=6432\nuser=me\n"
    )
    live = {"PGSERVICEFILE": str(services)}
    assert same_server("service=live", "host=db.internal port=6432", live)
    assert same_server("dbname=x", "host=db.internal port=6432", {**live, "PGSERVICE": "live"})
    assert not same_server("service=live", "host=db.internal", live)
    assert not same_server("service=live", "service=other", live)
    assert same_server("service=live port=5432", "host=db.internal", live)
    assert same_server("dbname=a", "host=db", {"PGHOST": "db"})
    assert same_server("host=a", "host=b", {"PGHOSTADDR": "10.0.0.1"})
    assert not same_server("host=db port=5432", "host=db", {"PGPORT": "6432"})


def test_environment_counts_when_servers_are_compared(project: Project) -> None:
    text = '[scratch]\ndsn = "user=me"\n[targets.p]\ndsn = "host=live dbname=x"\nprotected = true\n'
    project.toml(text).load()
    assert "the server of the protected target p." in project.error(environ={"PGHOST": "live"})


def test_switched_reads_the_variable() -> None:
    assert switched({}) is None
    assert switched({"KOONJ_REHEARSE": "0"}) is False
    assert switched({"KOONJ_REHEARSE": "on"}) is True
    with pytest.raises(ConfigError, match="use 0 or 1"):
        switched({"KOONJ_REHEARSE": "maybe"})
