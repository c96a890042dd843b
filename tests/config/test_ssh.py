"""The bastion of a target in koonj.toml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from koonj import trusted_folders
from koonj.config import Ssh, load, read_trust
from koonj.config.trust_wording import trust_lines
from support.config_project import Project

DSN = 'dsn = "host=db"\n'


def test_host_alone_and_with_options_are_read(project: Project) -> None:
    project.toml(
        f'[targets.a]\n{DSN}ssh = "bastion"\n'
        f'[targets.b]\n{DSN}ssh = {{ host = "me@jump", options = ["-F", "conf"] }}\n[targets.c]\n{DSN}'
    )
    first, second, third = project.load().targets
    root = str(project.root)
    assert first.ssh == Ssh("bastion", (), root)
    assert first.ssh.where == "koonj.toml:3"
    assert second.ssh == Ssh("me@jump", ("-F", "conf"), root)
    assert third.ssh is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('"-oProxyCommand=sh"', "does not start with a hyphen"),
        ('""', "must be one word"),
        ('"a b"', "must be one word"),
        ('"a\\u0007"', "must be one word"),
        ("1", 'write ssh = "HOST"'),
        ("{}", "ssh has no host"),
        ('{ host = "-v" }', "does not start with a hyphen"),
        ('{ host = "a", user = "b" }', "unknown key 'user'"),
        ('{ host = "a", options = "-v" }', "must be an array"),
        ('{ host = "a", options = [1] }', "must be an array of words"),
        ('{ host = "a", options = [""] }', "must be an array of words"),
    ],
)
def test_value_that_is_no_bastion_is_an_error_with_its_line(project: Project, value: str, words: str) -> None:
    message = project.target_error(f"{DSN}ssh = {value}")
    assert message.startswith("koonj.toml:6: ")
    assert words in message


def test_embedded_server_has_no_bastion(project: Project) -> None:
    assert "runs on this machine" in project.target_error('dsn = "embedded"\nssh = "bastion"')


def test_other_bastion_makes_koonj_ask_again(project: Project, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home")}
    for value, asks in (
        ('"bastion"', True),
        ('"bastion"', False),
        ('"other"', True),
        ('{ host = "other", options = ["-oProxyCommand=sh"] }', True),
    ):
        project.toml(f"[targets.a]\n{DSN}ssh = {value}\n")
        assert load(project.root, environ=environ).trust.given is not asks
        found = read_trust(project.root, migrations=None, environ=environ)[1]
        trusted_folders.trust(found.folders, found.commands_hash, environ=environ)
    assert "ssh -oProxyCommand=sh other (koonj.toml:3, tunnel of targets.a)" in list(trust_lines(found))


def test_targets_without_bastion_keep_their_hash(project: Project) -> None:
    """A new version of koonj does not ask all users again."""
    project.toml(f'[targets.a]\n{DSN}password = {{ env = "X" }}\n')
    found = read_trust(project.root, migrations=None, environ={})[1]
    import hashlib

    listed = [["a", "host=db", "env", "X"], ["", "", "", ""]]
    assert found.commands_hash == hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def test_localhost_of_the_bastion_is_not_the_scratch_server(project: Project) -> None:
    text = '[scratch]\ndsn = "host={} dbname=x"\n[targets.a]\ndsn = "host={}"\nprotected = true\n{}'
    bastion = 'ssh = "bastion"\n'
    assert project.toml(text.format("localhost", "localhost", bastion)).load().scratch.dsn
    assert "points to the server" in project.error(text.format("localhost", "localhost", ""))
    assert "points to the server" in project.error(text.format("db", "db", bastion))
