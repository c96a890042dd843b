"""[scratch] and [policy]: where rehearsals take place, and who wants a verified rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.config import ConfigError, Password, ScratchPlace, places
from koonj.config.rehearsal import switched
from koonj.config.server import same_server
from support.config_project import Project

TARGETS = '[targets.a]\ndsn = "dbname=a"\n[targets.b]\ndsn = "host=db dbname=b"\nprotected = true\n'


def wants(project: Project, toml: str) -> dict[str, bool]:
    return {target.name: target.require_verified for target in project.toml(toml).load().targets}


def test_a_protected_target_requires_verified_and_others_do_not(project: Project) -> None:
    assert wants(project, TARGETS) == {"a": False, "b": True}


@pytest.mark.parametrize(("word", "all_want"), [("verified", True), ("off", False)])
def test_one_word_for_all(project: Project, word: str, all_want: bool) -> None:
    assert wants(project, f'[policy]\nrequire = "{word}"\n{TARGETS}') == {"a": all_want, "b": all_want}


def test_a_targets_own_word_goes_first(project: Project) -> None:
    own = '[targets.b.policy]\nrequire = "off"\n'
    assert wants(project, f'[policy]\nrequire = "verified"\n{TARGETS}{own}') == {"a": True, "b": False}


def test_a_dsn_from_outside_has_the_word_for_all(project: Project) -> None:
    assert not project.toml(TARGETS).load(dsn="dbname=x").target.require_verified
    project.toml(f'[policy]\nrequire = "verified"\n{TARGETS}')
    assert project.load(dsn="dbname=x").target.require_verified


def test_nothing_is_said_of_a_scratch(project: Project) -> None:
    assert project.toml(TARGETS).load().scratch == ScratchPlace()
    assert project.toml(f'[scratch]\ndsn = "embedded"\n{TARGETS}').load().scratch == ScratchPlace()


def test_a_scratch_server(project: Project) -> None:
    project.toml(f'[scratch]\ndsn = "host=scratch user=me"\npassword = {{ env = "SCRATCH" }}\n{TARGETS}')
    assert project.load().scratch == ScratchPlace("host=scratch user=me", Password("env", "SCRATCH"))


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            '[policy]\nrequire = "verifyed"',
            "koonj.toml:2: require must be 'verified' or 'off'. Did you mean 'verified'?",
        ),
        ("[policy]\nrequires = 1", "koonj.toml:2: unknown key 'requires'. Did you mean 'require'?"),
        ('[targets.a.policy]\nrequire = "on"', "require must be 'verified' or 'off'"),
        ("[scratch]\ndsn = 5", "koonj.toml:2: scratch.dsn must be a string"),
        ('[scratch]\ndns = "x"', "Did you mean 'dsn'?"),
        ('[scratch]\ndsn = "nonsense"', "koonj.toml:2: 'nonsense' is neither"),
        ('[scratch]\ndsn = ""', "it is empty"),
        ('[scratch]\ndsn = "host=x password=y"', "the dsn holds a password"),
        ('[scratch]\npassword = { env = "X" }', "there is no server to log in to"),
        ('[scratch]\ndsn = "host=db"', "the server of b, which is protected"),
        ('[scratch]\ndsn = "postgresql://DB:5432/x"', "the server of b, which is protected"),
    ],
)
def test_mistakes(project: Project, toml: str, said: str) -> None:
    text = f"{toml}\n{TARGETS}" if "targets.a" not in toml else f"{TARGETS}{toml}\n"
    assert said in project.error(text)


def test_what_needs_no_target_does_not_mind(project: Project) -> None:
    project.toml('[scratch]\ndsn = "host=db"\n' + TARGETS)
    assert places(project.root).root == project.root


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
def test_one_server(one: str, other: str) -> None:
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
def test_two_servers(one: str, other: str) -> None:
    assert not same_server(one, other, {})


def test_one_server_by_the_environment_or_a_service(tmp_path: Path) -> None:
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


def test_the_variables_count_when_a_project_is_read(project: Project) -> None:
    text = '[scratch]\ndsn = "user=me"\n[targets.p]\ndsn = "host=live dbname=x"\nprotected = true\n'
    project.toml(text).load()
    assert "the server of p" in project.error(environ={"PGHOST": "live"})


def test_the_variable() -> None:
    assert switched({}) is None
    assert switched({"KOONJ_REHEARSE": "0"}) is False
    assert switched({"KOONJ_REHEARSE": "on"}) is True
    with pytest.raises(ConfigError, match="write 0 or 1"):
        switched({"KOONJ_REHEARSE": "maybe"})
