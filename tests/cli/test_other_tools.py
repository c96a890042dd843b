"""The command in a folder of another tool, without koonj.toml: it reads, and refuses every change."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from koonj.cli.main import CHANGES, MIGRATES
from koonj.postgres.advisory_lock import KEY
from support.command import Project
from support.tool_truth import ToolTruth

WHY = (
    "This folder belongs to dbmate (db/migrations/*.sql with '-- migrate:up'). "
    "koonj applies its migrations and rolls them back, and does nothing else with it."
)
WORDS = {
    "settle": ("20240101000001",),
    "new": ("add_t",),
    "renumber": ("20240101000001_users.sql",),
    "rename": ("20240101000001_users.sql", "other"),
    "restore": ("20240101000001_users.sql",),
    "set": ("20240101000001_users.sql", "lock_timeout=1s"),
}


@pytest.fixture
def dbmate(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Project:
    """A project of dbmate, after its `up`."""
    truth = ToolTruth.of("dbmate")
    root = tmp_path / "project"
    truth.copy_to(root / "db")
    truth.put(database, truth.recorded["moments"][0])
    monkeypatch.chdir(root)
    monkeypatch.setenv("DATABASE_URL", database)
    return Project(root, database, capsys)


def test_status_names_the_tool_and_its_table(dbmate: Project) -> None:
    answer = dbmate.koonj("status")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[1:] == [
        "2 migrations: 2 applied",
        "folder of dbmate: db/migrations/*.sql with '-- migrate:up'",
        "history: public.schema_migrations",
        "✓ applied  20240101000001_users.sql",
        "✓ applied  20240101000002_idx.sql",
    ]
    assert dbmate.koonj("status", "--json").json["layout"] == {
        "name": "dbmate",
        "evidence": "db/migrations/*.sql with '-- migrate:up'",
        "history": "public.schema_migrations",
        "read_only": False,
    }
    layout = next(line for line in dbmate.koonj("doctor").out.splitlines() if "layout" in line)
    assert "dbmate, which koonj runs; recognised by *.sql with '-- migrate:up'" in layout


def test_status_lists_what_cannot_be_read(dbmate: Project) -> None:
    (dbmate.root / "db/migrations/20240101000003_x.sql").write_text("SELECT 1;")
    with psycopg.connect(dbmate.dsn) as conn:
        conn.execute("DROP TABLE schema_migrations")
    answer = dbmate.koonj("status")
    assert answer.code == 3
    assert "dbmate has no history on this target." in answer.out
    assert "note: 20240101000003_x.sql: The file has no '-- migrate:up', so dbmate refuses it." in answer.out


def test_every_change_is_refused_with_one_sentence(dbmate: Project) -> None:
    before = {path: path.read_bytes() for path in dbmate.root.rglob("*") if path.is_file()}
    for command in sorted(CHANGES):
        answer = dbmate.koonj(command, *WORDS.get(command, ()))
        assert (answer.code, answer.err.splitlines()[0]) == (4, f"koonj: error: {WHY}"), command
    assert {path: path.read_bytes() for path in dbmate.root.rglob("*") if path.is_file()} == before
    assert dbmate.sql("SELECT version FROM schema_migrations ORDER BY 1") == [
        ("20240101000001",),
        ("20240101000002",),
    ]
    assert dbmate.sql("SELECT FROM pg_namespace WHERE nspname = 'koonj'") == []


def test_apply_and_rollback_keep_the_history_of_dbmate(dbmate: Project) -> None:
    (dbmate.root / "db/migrations/3_t.sql").write_text(
        "-- migrate:up\nCREATE TABLE t ();\n-- migrate:down\nDROP TABLE t;\n"
    )
    assert dbmate.koonj("apply", "--yes").code == 0
    assert ("3",) in dbmate.sql("SELECT version FROM schema_migrations")
    assert dbmate.koonj("status").code == 0
    assert dbmate.koonj("rollback", "--yes").code == 0
    assert ("3",) not in dbmate.sql("SELECT version FROM schema_migrations")
    assert dbmate.sql("SELECT FROM pg_namespace WHERE nspname = 'koonj'") == []


def test_apply_in_a_folder_of_diesel_is_refused(dbmate: Project) -> None:
    for path in (dbmate.root / "db/migrations").iterdir():
        path.unlink()
    (dbmate.root / "db/migrations/1_a").mkdir()
    (dbmate.root / "db/migrations/1_a/up.sql").write_text("")
    for command in sorted(MIGRATES | CHANGES):
        answer = dbmate.koonj(command, *WORDS.get(command, ()), *YES.get(command, ()))
        assert answer.code == 4, command
        assert answer.err.splitlines()[0].endswith(
            "koonj only reads it, because koonj has not been tried beside it yet."
        ), command


YES = {"apply": ("--all", "--yes"), "rollback": ("--yes",)}


def test_koonj_toml_can_say_that_the_folder_is_koonjs(dbmate: Project) -> None:
    (dbmate.root / "koonj.toml").write_text('migrations = "db/migrations"\nlayout = "koonj"\n')
    answer = dbmate.koonj("check")
    assert answer.code == 1
    assert "This is a migration file of dbmate." in answer.out
    (dbmate.root / "koonj.toml").write_text('migrations = "db/migrations"\nlayout = "dbmate"\n')
    assert dbmate.koonj("check").out == "2 migrations in db/migrations: no problems\n"


def test_a_file_is_shown_and_found_by_number_and_name(dbmate: Project) -> None:
    for word in ("20240101000001", "20240101000001_users.sql"):
        answer = dbmate.koonj("show", word, "--rollback")
        assert answer.out == "-- migrate:down\ndrop table users;\n"


def as_url(dsn: str) -> str:
    """Return the connection string of a test as a URL, with a password that the server does not ask for."""
    parts = conninfo_to_dict(dsn)
    place = f"host={quote(str(parts['host']), safe='')}&port={parts.get('port', 5432)}"
    return f"postgres://{parts['user']}:secret@/{parts['dbname']}?{place}"


def test_env_file_of_dbmate_is_used_with_its_schema_and_table(
    dbmate: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    dbmate.sql(
        "CREATE SCHEMA app; CREATE TABLE app.log (version varchar); INSERT INTO app.log VALUES (20240101000001)"
    )
    monkeypatch.delenv("DATABASE_URL")
    (dbmate.root / ".env").write_text(
        f"DATABASE_URL={as_url(dbmate.dsn)}&search_path=app\nDBMATE_MIGRATIONS_TABLE=log\n"
    )
    monkeypatch.setenv("KOONJ_TRUST", "0")
    answer = dbmate.koonj("status")
    assert answer.code == 1
    assert (
        "The dsn of target .env sets options, password, and you do not trust this folder yet." in answer.err
    )
    assert "Check .env; then run: koonj trust" in answer.err
    assert "secret" not in answer.out + answer.err
    monkeypatch.setenv("KOONJ_TRUST", "1")
    answer = dbmate.koonj("status")
    assert answer.code == 3
    assert answer.out.startswith("target .env: PostgreSQL")
    assert "history: app.log" in answer.out
    assert "◦ pending  20240101000002_idx.sql" in answer.out
    assert "secret" not in answer.out + answer.err


def test_url_of_golang_migrate_names_its_table(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "project"
    ToolTruth.of("golang-migrate").copy_to(root)
    project = Project(root, database, capsys)
    project.sql(
        'CREATE TABLE "My""Log" (version bigint, dirty bool); INSERT INTO "My""Log" VALUES (1, false)'
    )
    monkeypatch.chdir(root)
    monkeypatch.setenv("DATABASE_URL", f"{as_url(database)}&x-migrations-table=My%22Log")
    answer = project.koonj("status")
    assert answer.code == 3
    assert 'history: public.My"Log' in answer.out
    assert "✓ applied  000001_users.up.sql" in answer.out
    assert "◦ pending  000002_posts.up.sql" in answer.out


def test_history_says_that_the_tool_keeps_its_own(dbmate: Project) -> None:
    why = "koonj has recorded nothing on this target. dbmate keeps its own history, which koonj shows as the"
    answer = dbmate.koonj("history")
    assert (answer.code, answer.out, answer.err) == (0, "", f"koonj: {why} states of the migrations.\n")
    assert why in dbmate.koonj("history", "--limit", "1").err
    assert dbmate.koonj("history", "--json").json["entries"] == []


def test_a_rollback_that_fails_is_at_a_line_of_its_own_file(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "project"
    path = ToolTruth.of("golang-migrate").copy_to(root)
    (path / "000001_users.down.sql").write_text("SELECT 1;\nSELECT 2;\nDROP TABLE nope;\n")
    monkeypatch.chdir(root)
    monkeypatch.setenv("DATABASE_URL", database)
    project = Project(root, database, capsys)
    for _ in range(2):  # the second verdict is from the cache
        answer = project.koonj("rehearse", "1")
        assert f"{path.relative_to(root)}/000001_users.down.sql:3" in answer.out


def test_of_a_file_with_several_migrations_only_one_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ToolTruth.of("liquibase").copy_to(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    project = Project(tmp_path / "project", "host=/nowhere", capsys)
    answer = project.koonj("show", "1", "--migrations", "changelog")
    assert answer.out.splitlines() == [
        "--changeset ann:1-users labels:v1",
        "--comment: the users",
        "create table users (id bigint primary key);",
        "--rollback drop table users;",
    ]
    numbered = project.koonj("show", "2", "--numbers", "--migrations", "changelog").out.splitlines()
    assert numbered[0] == "    8  --changeset ann:2-posts runInTransaction:true splitStatements:false"
    assert numbered[-1] == "   11  --rollback drop table posts;"


@pytest.mark.parametrize(
    ("tool", "verdict", "why"),
    [
        ("prisma", "irreversible", "Prisma has no rollbacks."),
        ("sqlx", "incomplete", "The file has no rollback."),
    ],
)
def test_a_migration_without_rollback_is_told_in_the_words_of_its_tool(
    tool: str,
    verdict: str,
    why: str,
    tmp_path: Path,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if tool == "prisma":
        ToolTruth.of(tool).copy_to(tmp_path / "project")
    else:
        (tmp_path / "project/migrations/.sqlx").mkdir(parents=True)
        (tmp_path / "project/migrations/1_a.sql").write_text("SELECT 1;\n")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("DATABASE_URL", database)
    project = Project(tmp_path / "project", database, capsys)
    first = project.koonj("status", "--json").json["migrations"][0]["name"]
    said = project.koonj("show", first, "--rollback")
    assert (said.code, said.out) == (4, "")
    assert "-- Rollback" not in said.err
    lines = project.koonj("rehearse", first).out
    assert verdict in lines
    assert why in lines
    assert "-- Rollback" not in lines


def test_who_is_in_the_way_is_listed_with_what_ends_it_in_psql(dbmate: Project) -> None:
    with psycopg.connect(dbmate.dsn, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        pid = holder.info.backend_pid
        listed = dbmate.koonj("unblock")
        assert (listed.code, listed.err) == (0, "")
        assert f": SELECT pg_terminate_backend({pid});" in listed.out
        assert "koonj unblock" not in listed.out
        for how, function in (("--cancel", "pg_cancel_backend"), ("--end", "pg_terminate_backend")):
            refused = dbmate.koonj("unblock", str(pid), how, "--reason", "a test")
            assert refused.code == 4
            assert "The folder belongs to dbmate" in refused.err
            assert f"To do it without koonj: SELECT {function}({pid});" in refused.err
        holder.execute("SELECT 1")
