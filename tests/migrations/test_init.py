"""koonj init: a project that koonj can open at once."""

from pathlib import Path

import pytest

from koonj.config import ConfigError, load
from koonj.migrations.init import init, starter


def test_new_project_is_loaded(tmp_path: Path) -> None:
    made = init(tmp_path)
    assert made == (tmp_path / "koonj.toml", tmp_path / "database/migrations")
    settings = load(tmp_path, environ={})
    assert settings.migrations == tmp_path / "database/migrations"
    assert [(t.name, t.dsn) for t in settings.targets] == [("local", "embedded")]


def test_commented_examples_are_valid(tmp_path: Path) -> None:
    (tmp_path / "database/migrations").mkdir(parents=True)
    head, examples = starter().split("# [targets.staging]")
    text = head + "".join(
        line.removeprefix("# ") for line in ("# [targets.staging]" + examples).splitlines(keepends=True)
    )
    (tmp_path / "koonj.toml").write_text(text)
    settings = load(tmp_path, environ={})
    assert [t.name for t in settings.targets] == ["local", "staging", "production"]
    production = settings.targets[2]
    assert (production.protected, production.lock_timeout, production.role) == (True, "2s", "app_owner")
    assert production.password is not None


def test_existing_migrations_folder_is_kept_and_named(tmp_path: Path) -> None:
    (tmp_path / "db/migrations").mkdir(parents=True)
    (tmp_path / "db/migrations/001_a.sql").touch()
    assert init(tmp_path) == (tmp_path / "koonj.toml",)
    assert load(tmp_path, environ={}).migrations == tmp_path / "db/migrations"


def test_existing_configuration_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "koonj.toml").write_text("mine")
    with pytest.raises(ConfigError, match=r"koonj\.toml already exists"):
        init(tmp_path)
    assert (tmp_path / "koonj.toml").read_text() == "mine"
    assert not (tmp_path / "database").exists()


def test_init_fails_when_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "database").write_text("mine")
    with pytest.raises(ConfigError, match="database"):
        init(tmp_path)
    assert not (tmp_path / "koonj.toml").exists()
