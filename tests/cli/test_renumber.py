"""`koonj renumber`: a pending file gets another number, and no applied one does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.cli.diagnostics import ExitCode
from koonj.migrations import renumber as renumber_module
from koonj.migrations.file_rename import FileRename, rename_file
from koonj.migrations.name_comment import rename_with_comment
from koonj.migrations.renumber import NumberError, rename_files
from koonj.migrations.save import FileChanged
from koonj.postgres.advisory_lock import KEY
from support.command import Project


def names(project: Project) -> list[str]:
    return sorted(path.name for path in project.migrations.iterdir())


def with_staging(project: Project, dsn: str) -> None:
    """Add a second target to koonj.toml."""
    parts = {k: v for k, v in conninfo_to_dict(dsn).items() if k != "password"}
    with (project.root / "koonj.toml").open("a") as file:
        file.write(f"\n[targets.staging]\ndsn = {json.dumps(make_conninfo('', **parts))}\n")


@pytest.fixture
def late(project: Project) -> Project:
    """A project with 2 applied, and 1 that is late."""
    project.table(2)
    assert project.koonj("apply", "--all", "--yes").code == ExitCode.OK
    project.table(1)
    return project


def test_renumber_gives_a_late_migration_the_next_free_number_and_keeps_its_text(late: Project) -> None:
    text = (late.migrations / "001_make_t1.sql").read_bytes()
    result = late.koonj("renumber", "1")
    assert (result.code, result.out) == (ExitCode.OK, "001_make_t1.sql renamed to 003_make_t1.sql\n")
    assert names(late) == ["002_make_t2.sql", "003_make_t1.sql"]
    assert (late.migrations / "003_make_t1.sql").read_bytes() == text
    assert late.koonj("apply", "--yes").code == ExitCode.OK
    assert late.tables() == {"t1", "t2"}


def test_the_advice_of_a_refused_apply_is_a_command_that_works(late: Project) -> None:
    refused = late.koonj("apply", "--yes")
    assert refused.code == ExitCode.DECISION
    command = refused.err.split("koonj renumber ")[1].split(";")[0]
    assert late.koonj("renumber", command).code == ExitCode.OK
    assert late.koonj("apply", "--yes").code == ExitCode.OK


def test_renumber_counts_migrations_that_only_the_target_has(late: Project) -> None:
    late.table(9)
    assert late.koonj("apply", "9", "--yes", "--allow", "late", "--reason", "x").code == ExitCode.OK
    (late.migrations / "009_make_t9.sql").unlink()
    late.table(8)
    assert late.koonj("renumber", "8").out == "008_make_t8.sql renamed to 010_make_t8.sql\n"


def test_several_duplicates_keep_their_order(project: Project) -> None:
    for name in ("007_a.sql", "007_b.sql", "007_c.sql", "006_first.sql"):
        project.write(name, f"CREATE TABLE {name[4:-4]} ();\n-- Rollback: none: test\n")
    result = project.koonj("renumber", "007_c.sql", "007_b.sql", "--json")
    assert result.json["renamed"] == [
        {"from": "007_b.sql", "to": "008_b.sql", "first_line": None},
        {"from": "007_c.sql", "to": "009_c.sql", "first_line": None},
    ]
    assert (result.json["done"], result.json["targets"]) == (True, ["local"])
    assert names(project) == ["006_first.sql", "007_a.sql", "008_b.sql", "009_c.sql"]


def test_the_last_one_keeps_its_number(project: Project) -> None:
    project.table(4)
    result = project.koonj("renumber", "4")
    assert (result.code, result.out) == (
        ExitCode.OK,
        "Nothing to do: the numbers are higher than all others.\n",
    )
    assert names(project) == ["004_make_t4.sql"]


def test_plan_renames_nothing(late: Project) -> None:
    result = late.koonj("renumber", "1", "--plan")
    assert (result.code, result.out) == (
        ExitCode.OK,
        "001_make_t1.sql would be renamed to 003_make_t1.sql\n",
    )
    assert names(late) == ["001_make_t1.sql", "002_make_t2.sql"]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [("2", "Number 002 is used by 002_make_t2.sql."), ("0", "000_make_t1.sql would be late")],
)
def test_renumber_refuses_a_number_that_is_in_use_or_late(late: Project, number: str, sentence: str) -> None:
    result = late.koonj("renumber", "1", "--to", number)
    assert result.code == ExitCode.DECISION
    assert sentence in result.err
    assert names(late) == ["001_make_t1.sql", "002_make_t2.sql"]


def test_renumber_refuses_what_another_target_has_applied(
    project: Project, make_database: Callable[[], str]
) -> None:
    project.table(1)
    with_staging(project, make_database())
    assert project.koonj("apply", "--yes", "--target", "staging").code == ExitCode.OK
    result = project.koonj("renumber", "1", "--to", "5")
    assert result.code == ExitCode.DECISION
    assert "001_make_t1.sql is applied on staging." in result.err
    assert names(project) == ["001_make_t1.sql"]


@pytest.mark.parametrize("done", [0, 1])
def test_renumber_refuses_what_was_started(project: Project, done: int) -> None:
    project.write("001_v.sql", "CREATE TABLE a ();\nVACUUM;\nVACUUM;\n-- Rollback: none: test\n")
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    project.sql(f"UPDATE koonj.history SET outcome = 'started', statements_done = {done}, finished = NULL")
    result = project.koonj("renumber", "1", "--to", "5")
    assert (result.code, "is interrupted on local" in result.err) == (ExitCode.DECISION, True)
    assert names(project) == ["001_v.sql"]


def test_renumber_refuses_what_failed_and_can_have_left_something(project: Project) -> None:
    project.write("001_v.sql", "VACUUM;\nCREATE TABLE x (y nothing);\n-- Rollback: none: test\n")
    assert project.koonj("apply", "--yes").code == ExitCode.ERROR
    result = project.koonj("renumber", "1", "--to", "5")
    assert result.code == ExitCode.DECISION
    assert names(project) == ["001_v.sql"]


def test_a_failure_that_left_nothing_does_not_stop_renumber(project: Project) -> None:
    project.write("001_v.sql", "CREATE TABLE x (y nothing);\n-- Rollback: none: test\n")
    assert project.koonj("apply", "--yes").code == ExitCode.ERROR
    assert project.koonj("renumber", "1", "--to", "5").code == ExitCode.OK
    assert names(project) == ["005_v.sql"]


def test_a_target_that_does_not_respond_is_named_and_can_be_skipped(project: Project) -> None:
    project.table(1)
    with_staging(project, "host=/nowhere dbname=x")
    refused = project.koonj("renumber", "1", "--to", "5")
    assert refused.code == ExitCode.ERROR
    assert "staging: " in refused.err
    assert "--skip-target staging" in refused.err
    assert names(project) == ["001_make_t1.sql"]
    result = project.koonj("renumber", "1", "--to", "5", "--skip-target", "staging")
    assert (result.code, result.out.splitlines()) == (
        ExitCode.OK,
        ["001_make_t1.sql renamed to 005_make_t1.sql", "not checked: target staging was not read"],
    )


def test_renumber_refuses_during_a_run(late: Project) -> None:
    with psycopg.connect(late.dsn, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        result = late.koonj("renumber", "1")
    assert result.code == ExitCode.LOCKED
    assert names(late) == ["001_make_t1.sql", "002_make_t2.sql"]


def test_rename_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "001_a.sql").write_text("a")
    (tmp_path / "002_a.sql").write_text("b")
    with pytest.raises(FileExistsError):
        rename_file(tmp_path, FileRename("001_a.sql", "002_a.sql"))
    assert [(tmp_path / name).read_text() for name in ("001_a.sql", "002_a.sql")] == ["a", "b"]


def test_order_is_the_same_after_each_rename_and_a_failure_undoes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("001_a.sql", "002_b.sql", "003_c.sql"):
        (tmp_path / name).write_text(name)
    seen: list[list[str]] = []

    def look(folder: Path, rename: FileRename) -> None:
        if rename.old == "001_a.sql":
            raise OSError(5, "a bad disk")
        rename_file(folder, rename)
        seen.append([path.name[4] for path in sorted(folder.iterdir())])

    monkeypatch.setattr(renumber_module, "rename_with_comment", look)
    renames = [FileRename(f"00{n}_{c}.sql", f"01{n}_{c}.sql") for n, c in enumerate("abc", start=1)]
    with pytest.raises(OSError, match="a bad disk"):
        rename_files(tmp_path, renames)
    assert seen == [["a", "b", "c"]] * 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["001_a.sql", "002_b.sql", "003_c.sql"]


def test_a_number_of_a_migration_without_a_file_is_in_use(late: Project) -> None:
    (late.migrations / "002_make_t2.sql").unlink()
    result = late.koonj("renumber", "1", "--to", "2")
    assert result.code == ExitCode.DECISION
    assert "Number 002 is used by 002_make_t2.sql." in result.err


def test_a_number_that_another_program_has_used_since_is_refused(tmp_path: Path) -> None:
    for name in ("001_a.sql", "002_other.sql"):
        (tmp_path / name).write_text(name)
    with pytest.raises(NumberError, match=r"Number 002 is used by 002_other\.sql"):
        rename_files(tmp_path, [FileRename("001_a.sql", "002_a.sql")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["001_a.sql", "002_other.sql"]


def test_comments_with_names_follow_and_are_undone_with_the_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {name: f"-- {name}\nSELECT 1;\n" for name in ("001_a.sql", "002_b.sql")}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    renames = [FileRename("001_a.sql", "003_a.sql"), FileRename("002_b.sql", "004_b.sql")]
    (tmp_path / "003_a.sql").mkdir()
    with pytest.raises(NumberError):
        rename_files(tmp_path, renames)
    (tmp_path / "003_a.sql").rmdir()

    def change(folder: Path, rename: FileRename) -> None:
        if rename.old == "001_a.sql":
            raise FileChanged("001_a.sql was changed by another program just now.")
        rename_with_comment(folder, rename)

    with monkeypatch.context() as patch:
        patch.setattr(renumber_module, "rename_with_comment", change)
        with pytest.raises(FileChanged):
            rename_files(tmp_path, renames)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == texts
    rename_files(tmp_path, renames)
    assert (tmp_path / "003_a.sql").read_text() == "-- 003_a.sql\nSELECT 1;\n"
    assert (tmp_path / "004_b.sql").read_text() == "-- 004_b.sql\nSELECT 1;\n"
