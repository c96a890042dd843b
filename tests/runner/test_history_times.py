"""The end that the history records is that of the migration, not the start of its transaction."""

import pytest

from support.project import Project

NONE = "-- Rollback: none: test\n"


@pytest.mark.parametrize(
    "script",
    [
        "{};\n",
        "BEGIN;\n{};\nCOMMIT;\n",
        "CREATE TABLE a ();\nVACUUM a;\nBEGIN;\n{};\nCOMMIT;\n",
        "VACUUM;\n{};\n",
    ],
    ids=["one transaction", "a block", "steps with a block", "steps"],
)
async def test_a_migration_ends_after_its_last_statement(project: Project, script: str) -> None:
    last = "CREATE TABLE seen AS SELECT clock_timestamp() AS at"
    project.write("001_a.sql", script.format(last) + NONE)
    await project.apply()
    rows = project.sql("SELECT h.outcome::text, h.finished > seen.at FROM koonj.history AS h, seen")
    assert rows == [("done", True)]


async def test_a_failed_migration_has_an_end_and_an_unfinished_one_has_none(project: Project) -> None:
    project.write("001_fails.sql", f"CREATE TABLE a ();\nVACUUM a;\nSELECT 1/0;\n{NONE}")
    await project.apply()
    assert project.sql("SELECT outcome::text, finished > started FROM koonj.history") == [("failed", True)]
    project.sql("DELETE FROM koonj.history; DROP TABLE a")
    project.sql("CREATE TABLE seen (unfinished boolean)")
    look = "INSERT INTO seen SELECT finished IS NULL AND outcome = 'started' FROM koonj.history"
    project.write("001_fails.sql", f"CREATE TABLE a ();\nVACUUM a;\n{look};\n{NONE}")
    await project.apply()
    assert project.sql("SELECT unfinished FROM seen") == [(True,)]
