"""Trust in a folder: what is stored, what makes koonj ask again, and projects of other users."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from koonj import trusted_folders
from koonj.config import ConfigError, Settings, load, project_folders, read_trust
from koonj.user_folders import UserFolderError
from support.config_project import Project

STRANGER = 64999
TARGETS = """
[targets.local]
dsn = "embedded"

[targets.production]
dsn = "host=db"
password = { command = "pass show db" }
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a home of its own and without KOONJ_TRUST."""
    return {"HOME": str(tmp_path / "home")}


def opened(project: Project, environ: dict[str, str], text: str | None = None) -> Settings:
    if text is not None:
        project.toml(text)
    return load(project.root, environ=environ)


def trust(project: Project, environ: dict[str, str]) -> None:
    _, found = read_trust(project.root, migrations=None, environ=environ)
    trusted_folders.trust(found.folders, found.commands_hash, environ=environ)


def test_new_folder_is_not_trusted_and_its_targets_neither(project: Project, environ: dict[str, str]) -> None:
    settings = opened(project, environ, TARGETS)
    assert not settings.trust.given
    assert not settings.trust.has_changed
    assert [target.trusted for target in settings.targets] == [False, False]
    assert not settings.scratch.trusted


def test_target_of_the_user_is_trusted_in_every_folder(project: Project, environ: dict[str, str]) -> None:
    project.toml("")
    for more, dsn in (({"DATABASE_URL": "dbname=a"}, None), ({}, "dbname=a")):
        settings = load(project.root, dsn=dsn, environ=environ | more)
        assert settings.target.trusted
        assert not settings.trust.given


def test_trusted_folder_is_trusted_by_its_real_path(
    project: Project, environ: dict[str, str], tmp_path: Path
) -> None:
    opened(project, environ, TARGETS)
    trust(project, environ)
    settings = opened(project, environ)
    assert settings.trust.given
    assert all(target.trusted for target in settings.targets)
    assert settings.target is settings.targets[0]
    assert settings.scratch.trusted
    (tmp_path / "link").symlink_to(project.root)
    assert load(tmp_path / "link" / "database", environ=environ).trust.given


def test_copy_of_a_trusted_folder_is_not_trusted(project: Project, environ: dict[str, str]) -> None:
    opened(project, environ, TARGETS)
    trust(project, environ)
    project.root = project.root.rename(project.root.with_name("moved"))
    assert not opened(project, environ).trust.given


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pass show db", "pass show db; curl evil"),
        ("host=db", "host=evil"),
        ("command =", "env ="),
        ('command = "pass show db"', 'keyring = { service = "pass show db", user = "b" }'),
        ("[targets.local]", '[scratch]\ndsn = "host=evil"\n[targets.local]'),
        ('dsn = "embedded"', 'dsn = "dbname=a"\npassword = { file = "/etc/passwd" }'),
    ],
)
def test_koonj_asks_again_when_the_commands_change(
    project: Project, environ: dict[str, str], old: str, new: str
) -> None:
    opened(project, environ, TARGETS)
    trust(project, environ)
    settings = opened(project, environ, TARGETS.replace(old, new))
    assert not settings.trust.given
    assert settings.trust.has_changed


def test_koonj_asks_again_when_another_entry_of_the_keyring_is_sent(
    project: Project, environ: dict[str, str]
) -> None:
    text = TARGETS.replace('command = "pass show db"', 'keyring = { service = "db", user = "me" }')
    opened(project, environ, text)
    trust(project, environ)
    assert opened(project, environ).trust.given
    assert opened(project, environ, text.replace('"me"', '"boss"')).trust.has_changed


def test_other_changes_of_the_configuration_keep_the_trust(project: Project, environ: dict[str, str]) -> None:
    opened(project, environ, TARGETS)
    trust(project, environ)
    changed = TARGETS + 'protected = true\n[targets.other]\ndsn = "dbname=other"\n[screen]\nmouse = true\n'
    assert opened(project, environ, f"# a comment\n{changed}").trust.given


def test_migrations_outside_a_trusted_folder_are_not_trusted(
    project: Project, environ: dict[str, str], tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    opened(project, environ, TARGETS)
    trust(project, environ)
    assert not load(project.root, migrations=stranger, environ=environ).trust.given
    inside = project.root / "linked"
    inside.symlink_to(stranger)
    assert not load(project.root, migrations=inside, environ=environ).trust.given
    _, found = read_trust(project.root, migrations=stranger, environ=environ)
    assert found.folders == (project.root.resolve(), stranger.resolve())
    trusted_folders.trust(found.folders, found.commands_hash, environ=environ)
    assert load(project.root, migrations=inside, environ=environ).trust.given


@pytest.mark.parametrize(("value", "given"), [("1", True), ("yes", True), ("0", False), ("", True)])
def test_variable_has_priority_over_the_stored_trust(
    project: Project, environ: dict[str, str], value: str, given: bool
) -> None:
    opened(project, environ, TARGETS)
    trust(project, environ)
    assert opened(project, environ | {"KOONJ_TRUST": value}).trust.given is given


def test_wrong_value_of_the_variable_is_an_error(project: Project, environ: dict[str, str]) -> None:
    project.toml(TARGETS)
    with pytest.raises(ConfigError, match="KOONJ_TRUST=maybe: use 0 or 1"):
        load(project.root, environ=environ | {"KOONJ_TRUST": "maybe"})


def test_only_the_user_can_read_the_stored_trust(project: Project, environ: dict[str, str]) -> None:
    opened(project, environ, TARGETS)
    before = os.umask(0)
    try:
        trust(project, environ)
    finally:
        os.umask(before)
    folder = Path(environ["HOME"], ".local/state/koonj")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {"trusted.json": 0o600, "trusted.lock": 0o600}


def test_trust_that_another_user_could_have_written_is_ignored(
    project: Project, environ: dict[str, str]
) -> None:
    opened(project, environ, TARGETS)
    trust(project, environ)
    file = Path(environ["HOME"], ".local/state/koonj/trusted.json")
    file.chmod(0o666)
    assert not opened(project, environ).trust.given
    file.chmod(0o600)
    assert opened(project, environ).trust.given
    if os.geteuid() == 0:
        os.chown(file, STRANGER, STRANGER)
        assert not opened(project, environ).trust.given


@pytest.mark.parametrize("text", ["", "[]", "{", '{"folders": []}', '{"folders": {"/": {"a": 1}}}', "\0"])
def test_damaged_file_contains_no_trust_and_is_replaced(
    project: Project, environ: dict[str, str], text: str
) -> None:
    opened(project, environ, TARGETS)
    trust(project, environ)
    Path(environ["HOME"], ".local/state/koonj/trusted.json").write_text(text)
    assert not opened(project, environ).trust.given
    trust(project, environ)
    assert opened(project, environ).trust.given


def test_forgotten_folder_is_not_trusted(project: Project, environ: dict[str, str]) -> None:
    opened(project, environ, TARGETS)
    trust(project, environ)
    assert trusted_folders.forget((project.root.resolve(),), environ)
    assert not opened(project, environ).trust.given
    assert not trusted_folders.forget((project.root.resolve(),), environ)


def test_trust_given_at_the_same_time_is_not_lost(environ: dict[str, str]) -> None:
    folders = [Path(f"/project{number}") for number in range(8)]
    threads = [
        threading.Thread(target=trusted_folders.trust, args=([folder], "x"), kwargs={"environ": environ})
        for folder in folders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(trusted_folders.trusted(environ)) == set(folders)
    stored = json.loads(Path(environ["HOME"], ".local/state/koonj/trusted.json").read_text())
    assert stored["format"] == 1


def test_trust_that_cannot_be_stored_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserFolderError, match="Cannot create"):
        trusted_folders.trust([tmp_path], "x", environ={"XDG_STATE_HOME": str(tmp_path / "file")})


# Projects of other users


def found(project: Project, environ: dict[str, str]) -> str:
    """Return the error for a command in a folder below the project; empty if there is none."""
    try:
        project_folders(project.root / "database", environ=environ)
        load(project.root / "database", environ=environ)
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("place", ["koonj.toml", "."])
def test_project_of_another_user_is_refused(project: Project, environ: dict[str, str], place: str) -> None:
    project.toml(TARGETS)
    os.chown(project.root / place, STRANGER, STRANGER)
    message = found(project, environ)
    assert message.startswith("koonj does not use ../koonj.toml, because ")
    assert "belongs to another user (64999), who could make koonj run commands as you" in message
    assert "run: koonj trust" in message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_uses_the_project_of_the_user_who_called_sudo(project: Project, environ: dict[str, str]) -> None:
    project.toml(TARGETS)
    os.chown(project.root / "koonj.toml", STRANGER, STRANGER)
    assert "another user" in found(project, environ | {"SUDO_UID": "1"})
    assert found(project, environ | {"SUDO_UID": str(STRANGER)}) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_user_other_than_root_uses_projects_of_root_but_not_of_sudo_uid(
    project: Project, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project.toml(TARGETS)
    monkeypatch.setattr(os, "geteuid", lambda: 65001)  # the files belong to root
    assert found(project, environ) == ""
    os.chown(project.root / "koonj.toml", STRANGER, STRANGER)
    assert "another user" in found(project, environ | {"SUDO_UID": str(STRANGER)})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_migrations_of_another_user_are_refused_without_a_koonj_toml(
    project: Project, environ: dict[str, str]
) -> None:
    environ |= {"DATABASE_URL": "dbname=a"}
    assert found(project, environ) == ""
    os.chown(project.root / "database/migrations", STRANGER, STRANGER)
    assert "belongs to another user" in found(project, environ)
    # With --migrations, the user has named the folder.
    assert project_folders(project.root, migrations=Path("database/migrations"), environ=environ)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("place", ["database", "database/migrations"])
def test_migrations_of_another_user_are_refused_with_a_koonj_toml(
    project: Project, environ: dict[str, str], place: str
) -> None:
    project.toml(TARGETS)
    os.chown(project.root / place, STRANGER, STRANGER)
    message = found(project, environ)
    assert message.startswith(f"koonj does not use {project.root / 'database/migrations'}, because ")
    assert "belongs to another user (64999)" in message
    assert project_folders(project.root, migrations=Path("database/migrations"), environ=environ)


def test_migrations_behind_a_link_are_refused_if_others_can_write_there(
    project: Project, environ: dict[str, str], tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    (project.root / "database/migrations").rename(tmp_path / "sql")
    shared.mkdir()
    (tmp_path / "sql").rename(shared / "sql")
    (project.root / "database/migrations").symlink_to(shared / "sql")
    project.toml(TARGETS)
    assert found(project, environ) == ""
    for folder in (shared, shared / "sql"):
        folder.chmod(0o777)
        assert "other users can write to" in found(project, environ)
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("place", "mode", "refused"),
    [
        ("database", 0o777, True),
        ("database/migrations", 0o777, True),
        ("database", 0o1777, False),
        ("database/migrations", 0o1777, True),
        ("koonj.toml", 0o666, True),
        ("koonj.toml", 0o646, True),
        ("koonj.toml", 0o644, False),
        (".", 0o777, True),
        (".", 0o1777, False),
        (".", 0o755, False),
    ],
)
def test_project_to_which_others_can_write_is_refused(
    project: Project, environ: dict[str, str], place: str, mode: int, refused: bool
) -> None:
    project.toml(TARGETS)
    (project.root / place).chmod(mode)
    message = found(project, environ)
    assert ("other users can write to" in message) is refused
    assert ("chmod go-w" in message) is refused


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another group")
def test_group_can_write_only_if_it_is_the_users_own(project: Project, environ: dict[str, str]) -> None:
    project.toml(TARGETS)
    file = project.root / "koonj.toml"
    file.chmod(0o664)
    assert found(project, environ) == "", "many systems create a group for each user, and umask 002"
    os.chown(file, -1, STRANGER)
    assert "other users can write to" in found(project, environ)


def test_refused_project_is_accepted_by_the_variable_and_by_koonj_trust(
    project: Project, environ: dict[str, str]
) -> None:
    project.toml(TARGETS)
    (project.root / "koonj.toml").chmod(0o666)
    assert found(project, environ) != ""
    assert found(project, environ | {"KOONJ_TRUST": "1"}) == ""
    trust(project, environ)
    assert found(project, environ) != "", "the user did not accept that others can write"
    _, known = read_trust(project.root, migrations=None, environ=environ)
    trusted_folders.trust(known.folders, known.commands_hash, accepts_others=True, environ=environ)
    assert found(project, environ) == ""
    assert load(project.root, environ=environ).trust.given
