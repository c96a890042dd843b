"""The sample with koonj and the two scripts: the same schema as with psql."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KOONJ = Path(sys.executable).with_name("koonj")

SchemaOf = Callable[[str], str]
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def project(home: Path) -> Path:
    """A copy of the sample in a folder of its own, with its own embedded database."""
    folder = home / "project"
    shutil.copytree(ROOT / "database", folder / "database")
    shutil.copy(ROOT / "koonj.toml", folder)
    return folder


def run(folder: Path, *arguments: str | Path, program: Path = KOONJ, **environment: str) -> Done:
    path = f"{KOONJ.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(program), *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def script(project: Path, name: str, *arguments: str, **environment: str) -> Done:
    # Run from another folder: the scripts find the project by their own path.
    return run(Path("/"), *arguments, program=project / "database" / name, **environment)


def ok(done: Done) -> str:
    assert done.returncode == 0, f"{done.args} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def history(dsn: str) -> list[tuple[str, str, str]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT name, action, outcome FROM koonj.history ORDER BY id").fetchall()


def test_check_finds_no_problems(project: Path) -> None:
    ok(run(project, "check"))


def test_schema_equals_that_of_psql_and_is_empty_after_rollback(
    project: Path, files: list[Path], sample: str, database: str, schema_of: SchemaOf
) -> None:
    empty = schema_of(database)
    ok(run(project, "apply", "--all", "--yes", "--dsn", database))
    assert schema_of(database) == schema_of(sample)
    assert [(name, outcome) for name, _, outcome in history(database)] == [
        (file.name, "done") for file in files
    ]
    ok(run(project, "status", "--dsn", database))
    ok(run(project, "rollback", "--all", "--yes", "--dsn", database))
    assert schema_of(database) == empty
    assert run(project, "status", "--dsn", database).returncode == 3


def test_schema_is_the_same_when_applied_in_parts(
    project: Path, sample: str, database: str, schema_of: SchemaOf
) -> None:
    ok(run(project, "apply", "4", "--yes", "--dsn", database))
    ok(run(project, "rollback", "--yes", "--dsn", database))
    ok(run(project, "apply", "--yes", "--dsn", database))
    ok(run(project, "apply", "--all", "--yes", "--dsn", database))
    assert schema_of(database) == schema_of(sample)


def test_init_db_applies_to_the_embedded_server(project: Path) -> None:
    last = "015_create_api_keys_and_events.sql"
    assert last in ok(script(project, "init-db.sh"))
    assert last not in ok(script(project, "init-db.sh")), "the second run must apply nothing"


def libpq_environment(dsn: str) -> dict[str, str]:
    parts = conninfo_to_dict(dsn)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER"}
    return {names[key]: str(value) for key, value in parts.items() if key in names}


@pytest.fixture
def local(database: str, psql: Path) -> dict[str, str]:
    """Environment for the PostgreSQL of this machine, with its binaries in PATH."""
    path = os.pathsep.join([str(KOONJ.parent), str(psql.parent), os.environ["PATH"]])
    if shutil.which("createdb", path=path) is None:
        pytest.skip("no createdb on this machine")
    return {**libpq_environment(database), "PATH": path}


def test_init_db_creates_the_named_database(
    project: Path, sample: str, database: str, local: dict[str, str], schema_of: SchemaOf
) -> None:
    name = f"{conninfo_to_dict(database)['dbname']}-new"
    dsn = psycopg.conninfo.make_conninfo(database, dbname=name)
    try:
        ok(script(project, "init-db.sh", name, **local))
        assert schema_of(dsn) == schema_of(sample)
        ok(script(project, "init-db.sh", name, **local))
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["x; rm -rf /"], {}, "not a plain name"),
        ([""], {}, "empty"),
        (["ragqa"], {"PGHOST": "db.internal"}, "another machine"),
        (["ragqa"], {"PGHOST": "/run", "PGHOSTADDR": "192.0.2.1"}, "another machine"),
        (["ragqa"], {"PGSERVICE": "production"}, "another machine"),
    ],
)
def test_init_db_fails_with_wrong_arguments(
    arguments: list[str], environment: dict[str, str], says: str, project: Path
) -> None:
    done = script(project, "init-db.sh", *arguments, **environment)
    assert done.returncode in {1, 2}
    assert says in done.stderr


@pytest.fixture
def staging(project: Path, database: str) -> str:
    """The dsn of a target in koonj.toml."""
    with (project / "koonj.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[targets.staging]\ndsn = "{database}"\n')
    return database


def test_run_migrations_applies_to_a_target(
    project: Path, sample: str, staging: str, schema_of: SchemaOf
) -> None:
    ok(script(project, "run-migrations.sh", "staging", "--yes"))
    assert schema_of(staging) == schema_of(sample)


def test_run_migrations_changes_nothing_without_confirmation(
    project: Path, staging: str, schema_of: SchemaOf
) -> None:
    empty = schema_of(staging)
    done = script(project, "run-migrations.sh", "staging")
    assert done.returncode != 0
    assert "--yes" in done.stderr
    assert schema_of(staging) == empty


def test_run_migrations_fails_when_target_is_unknown(project: Path) -> None:
    done = script(project, "run-migrations.sh", "nowhere", "--yes")
    assert done.returncode != 0
    assert "nowhere" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--yes"]])
def test_run_migrations_requires_a_target(arguments: list[str], project: Path) -> None:
    done = script(project, "run-migrations.sh", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: database/run-migrations.sh TARGET")


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with the programs that a shell script needs, but without koonj."""
    for name in ("sh", "cat", "dirname"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    return str(tmp_path)


@pytest.mark.parametrize("name", ["init-db.sh", "run-migrations.sh"])
def test_help_works_without_koonj(name: str, project: Path, bare_path: str) -> None:
    assert ok(script(project, name, "--help", PATH=bare_path)).startswith(f"Usage: database/{name}")


@pytest.mark.parametrize("arguments", [["init-db.sh"], ["run-migrations.sh", "local"]])
def test_scripts_fail_with_a_reason_without_koonj(
    arguments: list[str], project: Path, bare_path: str
) -> None:
    name, *rest = arguments
    done = script(project, name, *rest, PATH=bare_path)
    assert done.returncode == 1
    assert "no koonj in" in done.stderr


def test_scripts_prefer_the_koonj_of_the_project(project: Path) -> None:
    own = project / ".venv" / "bin" / "koonj"
    own.parent.mkdir(parents=True)
    own.write_text('#!/bin/sh\nprintf "%s|" "$PWD" "$@"\n')
    own.chmod(0o755)
    done = script(project, "run-migrations.sh", "local", "--wait", "a b")
    assert ok(done) == f"{project}|apply|--all|--target|local|--wait|a b|"
    done = script(project, "init-db.sh", "--json")
    assert ok(done) == f"{project}|apply|--all|--yes|--target|local|--json|"
