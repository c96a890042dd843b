"""What the URL and the environment of another tool say: the connection, the folder, the table of its history."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from koonj import config
from koonj.config.settings import HistoryName
from koonj.config.tool_url import translated
from koonj.postgres.connection_string import safe_dsn

BASE = "postgres://u@h/d"
URLS = {
    BASE: (BASE, None),
    f"{BASE}?sslmode=disable": (f"{BASE}?sslmode=disable", None),
    "host=h search_path=app": ("host=h search_path=app", None),
    f"{BASE}?search_path=app": (f"{BASE}?options=-csearch_path%3Dapp", None),
    f"{BASE}?search_path=app,public&sslmode=disable": (
        f"{BASE}?sslmode=disable&options=-csearch_path%3Dapp%2Cpublic",
        None,
    ),
    f"{BASE}?options=-cstatement_timeout%3D5&search_path=a%20b": (
        f"{BASE}?options=-cstatement_timeout%3D5%20-csearch_path%3Da%5C%20b",
        None,
    ),
    "postgres://u@/d?socket=/run/pg": ("postgres://u@/d?host=/run/pg", None),
    f"{BASE}?schema=public&connection_limit=5&sslmode=require": (
        f"{BASE}?sslmode=require&options=-csearch_path%3D%22public%22",
        None,
    ),
    f"{BASE}?x-migrations-table=mine": (BASE, HistoryName("golang-migrate", "mine")),
    f"{BASE}?x-migrations-table=%22ops%22.%22log%22&x-migrations-table-quoted=1&x-multi-statement=true": (
        BASE,
        HistoryName("golang-migrate", "log", "ops"),
    ),
    f"{BASE}?x-migrations-table=a.b": (BASE, HistoryName("golang-migrate", "a.b")),
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_one_that_libpq_reads(url: str) -> None:
    found = translated(url)
    assert (found.dsn, found.history) == URLS[url]
    if "://" in url:
        assert conninfo_to_dict(found.dsn)["dbname"] == "d"


@pytest.fixture
def dbmate(tmp_path: Path) -> Path:
    (tmp_path / "db/migrations").mkdir(parents=True)
    (tmp_path / "db/migrations/1_a.sql").write_text("-- migrate:up\n-- migrate:down\n")
    return tmp_path


def test_env_file_names_target_and_table(dbmate: Path) -> None:
    (dbmate / ".env").write_text(
        "# dbmate\nexport DATABASE_URL='postgres://u:secret@h/d?search_path=app' # local\n"
        'OTHER="DATABASE_URL=x"\nDBMATE_MIGRATIONS_TABLE = "ops.log"\n'
    )
    settings = config.load(dbmate, environ={})
    assert settings.target.name == ".env"
    assert settings.target.dsn == "postgres://u:secret@h/d?options=-csearch_path%3Dapp"
    assert settings.target.history == HistoryName("dbmate", "log", "ops")
    assert not settings.target.trusted
    assert "secret" not in safe_dsn(settings.target)


def test_environment_has_priority_over_the_file(dbmate: Path) -> None:
    (dbmate / ".env").write_text("DATABASE_URL=postgres://file/d\nDBMATE_MIGRATIONS_TABLE=file\n")
    environ = {"DATABASE_URL": "postgres://process/d", "DBMATE_MIGRATIONS_TABLE": "process"}
    settings = config.load(dbmate, environ=environ)
    assert [target.name for target in settings.targets] == ["DATABASE_URL"]
    assert settings.target.history == HistoryName("dbmate", "process")
    assert settings.target.trusted


def test_env_file_of_another_program_is_not_read(dbmate: Path) -> None:
    (dbmate / ".env").write_text("DATABASE_URL=postgres://h/d\n")
    (dbmate / "db/migrations/1_a.sql").write_text("BEGIN;\nCOMMIT;\n")
    with pytest.raises(config.ConfigError, match="No target is configured"):
        config.load(dbmate, environ={})


def test_koonj_toml_has_priority(dbmate: Path) -> None:
    (dbmate / ".env").write_text("DATABASE_URL=postgres://h/d\n")
    (dbmate / "koonj.toml").write_text('migrations = "db/migrations"\n[targets.a]\ndsn = "host=h"\n')
    assert [target.name for target in config.load(dbmate, environ={}).targets] == ["a"]


def test_folder_of_dbmate_is_found(dbmate: Path) -> None:
    (dbmate / "db/migrations").rename(dbmate / "sql")
    environ = {"DBMATE_MIGRATIONS_DIR": "none, ./sql", "DATABASE_URL": "postgres://h/d"}
    settings = config.load(dbmate, environ=environ)
    assert (settings.root, settings.migrations) == (dbmate, dbmate / "sql")
    (dbmate / "sql/1_a.sql").write_text("SELECT 1;\n")
    with pytest.raises(config.ConfigError, match="no migrations folder"):
        config.load(dbmate, environ=environ)


def test_env_file_that_is_a_pipe_does_not_block(dbmate: Path) -> None:
    os.mkfifo(dbmate / ".env")
    with pytest.raises(config.ConfigError, match="No target is configured"):
        config.load(dbmate, environ={})
