"""Tests for koonj.toml as Settings: keys, paths, forms."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.config import ConfigError, Password, Target, find_migrations, load, project_folders
from support.config_project import Project

FULL = """
migrations = "sql"
default = "staging"

[targets.local]
dsn = "embedded"

[targets.staging]
dsn = "service=staging"

[targets.production]
dsn = "host=db.internal dbname=ragqa user=migrator sslmode=verify-full"
password = { command = "pass show ragqa" }
protected = true
lock_timeout = "2s"
lock_wait = "2min"
max_stall = "200ms"
colour = "magenta"
role = "ragqa_owner"
"""


def test_all_keys_are_read(project: Project) -> None:
    (project.root / "sql").mkdir()
    settings = project.toml(FULL).load()
    assert settings.root == project.root
    assert settings.migrations == project.root / "sql"
    assert settings.patterns == project.root / "database/patterns"
    local, staging, production = settings.targets
    assert settings.target is staging
    assert (local.dsn, local.lock_timeout, local.protected, local.role) == ("embedded", "5s", False, None)
    assert (local.lock_wait, local.max_stall) == ("10min", None)
    assert production == Target(
        "production",
        "host=db.internal dbname=ragqa user=migrator sslmode=verify-full",
        protected=True,
        lock_timeout="2s",
        lock_wait="2min",
        max_stall="200ms",
        colour="magenta",
        role="ragqa_owner",
        password=Password("command", "pass show ragqa"),
        require_verified=True,
        declared=True,
        project=str(project.root.resolve()),
    )


@pytest.mark.parametrize(
    ("value", "wait"), [("true", "2min"), ("1", "2min"), ("false", "10min"), ("0", "10min"), ("", "10min")]
)
@pytest.mark.parametrize("where", ["toml", "dsn", "url", "PG*"])
def test_a_ci_job_waits_shorter_for_locks(project: Project, where: str, value: str, wait: str) -> None:
    environ = {"CI": value}
    if where == "toml":
        project.toml('[targets.a]\ndsn = "dbname=a"\n[targets.b]\ndsn = "dbname=b"\nlock_wait = "3min"\n')
    elif where != "dsn":
        environ |= {"DATABASE_URL": "postgresql:///a"} if where == "url" else {"PGDATABASE": "a"}
    settings = project.load(environ=environ, dsn="dbname=a" if where == "dsn" else None)
    assert settings.target.lock_wait == wait
    if where == "toml":
        assert settings.targets[1].lock_wait == "3min"


def test_koonj_toml_is_found_from_inside_the_migrations_folder(project: Project) -> None:
    project.toml('[targets.a]\ndsn = "dbname=a"\n')
    settings = project.load(cwd="database/migrations")
    assert (settings.root, settings.migrations) == (project.root, project.root / "database/migrations")


def test_paths_are_relative_to_koonj_toml(project: Project) -> None:
    (project.root / "sub").mkdir()
    project.toml(
        'migrations = "database/../database/migrations"\npatterns = "p"\n[targets.a]\ndsn = "dbname=a"'
    )
    settings = project.load(cwd="sub")
    assert settings.migrations == project.root / "database/migrations"
    assert settings.patterns == project.root / "p"


def test_byte_order_mark_and_crlf_are_allowed(project: Project) -> None:
    (project.root / "koonj.toml").write_bytes(b'\xef\xbb\xbf[targets.a]\r\ndsn = "dbname=a"\r\n')
    assert project.load().target.name == "a"


class TestFolders:
    @pytest.mark.parametrize("name", ["database/migrations", "db/migrations", "migrations"])
    def test_migrations_folder_is_found_without_koonj_toml(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / "src/deep").mkdir(parents=True)
        settings = load(tmp_path / "src/deep", environ={"DATABASE_URL": "postgresql:///x"})
        assert settings.migrations == find_migrations(tmp_path) == tmp_path / name
        assert settings.root == tmp_path
        assert settings.patterns == (tmp_path / name).parent / "patterns"

    def test_folder_with_tern_conf_is_a_migrations_folder(self, tmp_path: Path) -> None:
        (tmp_path / "schema").mkdir()
        (tmp_path / "schema/tern.conf").touch()
        found = project_folders(tmp_path / "schema")
        assert found.migrations == found.root == tmp_path / "schema"

    def test_folder_named_migrations_with_tern_conf_belongs_to_the_folder_above(self, tmp_path: Path) -> None:
        (tmp_path / "migrations").mkdir()
        (tmp_path / "migrations/tern.conf").touch()
        found = project_folders(tmp_path)
        assert (found.migrations, found.root) == (tmp_path / "migrations", tmp_path)

    def test_nearest_migrations_folder_is_found(self, tmp_path: Path) -> None:
        (tmp_path / "database/migrations").mkdir(parents=True)
        (tmp_path / "service/migrations").mkdir(parents=True)
        assert find_migrations(tmp_path / "service") == tmp_path / "service/migrations"

    def test_migrations_folder_of_the_command_line_has_priority(self, project: Project) -> None:
        (project.root / "other/sql").mkdir(parents=True)
        project.toml(FULL)
        settings = project.load(cwd="other", migrations=Path("sql"))
        assert settings.migrations == project.root / "other/sql"
        assert settings.root == project.root

    def test_migrations_folder_of_the_command_line_needs_no_koonj_toml(self, project: Project) -> None:
        found = project_folders(project.root / "database", migrations=Path("migrations"))
        assert found.root == project.root
        assert found.migrations == project.root / "database/migrations"

    def test_no_project_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(
            ConfigError, match=r"Found no koonj\.toml and no migrations folder here or above.*koonj init"
        ):
            project_folders(tmp_path)

    def test_missing_migrations_folder_is_an_error(self, project: Project) -> None:
        message = project.error('# hi\nmigrations = "nowhere"')
        assert message.startswith(
            "koonj.toml:2: migrations = 'nowhere': no such folder. Create it (mkdir -p "
        )

    def test_migrations_that_is_a_file_is_an_error(self, project: Project) -> None:
        assert ": not a folder." in project.error('migrations = "koonj.toml"')

    def test_missing_folder_of_the_command_line_is_an_error(self, project: Project) -> None:
        assert "--migrations gone: no such folder" in project.error(migrations=Path("gone"))

    def test_places_need_no_target(self, project: Project) -> None:
        assert project_folders(project.root).migrations == project.root / "database/migrations"


@given(st.binary(max_size=200))
def test_any_bytes_are_settings_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    root = tmp_path_factory.mktemp("any")
    (root / "migrations").mkdir()
    (root / "koonj.toml").write_bytes(raw)
    with contextlib.suppress(ConfigError):
        assert load(root, environ={"PGHOST": "x"}).root == root
