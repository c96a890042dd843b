"""The command that lists the history."""

from __future__ import annotations

from support.command import Project


def test_history_lists_entries_oldest_first(project: Project) -> None:
    assert project.koonj("history").out == ""
    name = project.table(1)
    project.koonj("apply", "--yes")
    project.koonj("rollback", "--yes")
    project.write("002_bad.sql", "SELECT nothing;")
    project.koonj("apply", "--all", "--yes")
    lines = project.koonj("history").out.splitlines()
    assert lines[0].startswith(f"✓ apply done  {name}  ")
    assert lines[1].startswith(f"◦ rollback done  {name}  ")
    assert lines[3].startswith("✗ apply failed, 0 of 1 statement committed  002_bad.sql  ")
    assert lines[4] == '    error: column "nothing" does not exist (SQLSTATE 42703)'
    report = project.koonj("history", "2", "--json").json
    entry = report["entries"][0]
    who = f"{entry['os_user']}@{entry['host']} as {entry['database_role']}"
    assert lines[0].endswith(f"  by {who}")
    assert [(entry["name"], entry["outcome"]) for entry in report["entries"]] == [("002_bad.sql", "failed")]
    assert project.koonj("history", "001_make_t1.sql").out.count("\n") == 3


def test_history_is_empty_for_a_migration_that_never_ran(project: Project) -> None:
    project.table(1)
    project.write("001_twin.sql", "SELECT 1;")
    assert (project.koonj("history", "1").code, project.koonj("history", "1").out) == (0, "")
    unknown = project.koonj("history", "99")
    assert unknown.err == project.koonj("show", "99").err


def test_history_finds_a_missing_file(project: Project) -> None:
    name = project.table(1)
    project.koonj("apply", "--yes")
    (project.migrations / name).unlink()
    assert name in project.koonj("history", "1").out
