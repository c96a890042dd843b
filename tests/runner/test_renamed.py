"""A file that is renamed after it was applied is recognized by its statements, and never runs again."""

from __future__ import annotations

import pytest

from koonj.runner.run.events import RunResult
from koonj.runner.run.request import Extent
from koonj.runner.target.history import read_history
from support.drift import drift_of
from support.project import Project, run_finished

EVERYTHING = frozenset({"late", "missing", "edited", "duplicate", "interrupted", "renamed"})
RENAMED = frozenset({"renamed"})


@pytest.fixture
async def applied(project: Project) -> Project:
    """A project with three applied migrations, each of which inserts one row."""
    project.write("000_a.sql", "CREATE TABLE ran (name text);\n-- Rollback: none: test\n")
    for number in (1, 2, 3):
        write(project, f"00{number}_t.sql", f"t{number}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    return project


def write(project: Project, name: str, value: str, more: str = "") -> None:
    delete = f"-- Rollback:\n-- BEGIN;\n-- DELETE FROM ran WHERE name = '{value}';\n-- COMMIT;\n"
    project.write(name, f"BEGIN;\nINSERT INTO ran VALUES ('{value}');\nCOMMIT;\n{more}\n{delete}")


def rename(project: Project, old: str, new: str) -> None:
    (project.path / old).rename(project.path / new)


def rows(project: Project) -> list[str]:
    return [name for (name,) in project.sql("SELECT name FROM ran ORDER BY name")]


ALL = ["t1", "t2", "t3"]


@pytest.mark.parametrize("new", ["002_boats.sql", "004_t.sql", "001_b.sql"])
async def test_renamed_file_never_runs_again(applied: Project, new: str) -> None:
    rename(applied, "002_t.sql", new)
    status = await applied.status()
    (found,) = (s for s in status.migrations if s.name == new)
    assert (found.state.value, found.applied, found.note) == (
        "renamed",
        True,
        f"002_t.sql was renamed to {new}",
    )
    assert "002_t.sql" not in {s.name for s in status.migrations}
    refused = run_finished(await applied.apply())
    assert refused.result is RunResult.REFUSED
    assert [(c.name, c.state, c.message) for c in refused.conflicts] == [
        (new, "renamed", f"{new} is 002_t.sql under another name, which is applied.")
    ]
    without = run_finished(await applied.apply(allow=EVERYTHING - RENAMED, reason="x"))
    assert without.result is RunResult.REFUSED
    assert rows(applied) == ALL
    assert (
        run_finished(await applied.apply(allow=EVERYTHING, reason="a better name")).result is RunResult.DONE
    )
    assert rows(applied) == ALL
    assert set((await applied.states()).values()) == {"applied"}
    entry = (await applied.entries())[-1]
    assert (entry.name, entry.action, entry.allowed, entry.renamed_from, entry.reason) == (
        new,
        "allow",
        "renamed",
        "002_t.sql",
        "a better name",
    )
    assert [e.name for e in await read_history(applied.connector, applied.target, new)] == ["002_t.sql", new]
    assert run_finished(await applied.apply()).result is RunResult.NOTHING
    write(applied, "005_after.sql", "t5")
    assert run_finished(await applied.apply()).result is RunResult.DONE
    assert rows(applied) == [*ALL, "t5"]


async def test_renamed_migration_is_rolled_back_in_the_order_of_the_applies(applied: Project) -> None:
    rename(applied, "003_t.sql", "001_z.sql")
    assert run_finished(await applied.roll_back()).result is RunResult.REFUSED
    assert rows(applied) == ALL
    assert run_finished(await applied.roll_back(allow=RENAMED, reason="x")).result is RunResult.DONE
    assert rows(applied) == ["t1", "t2"]
    assert await applied.states() == {
        "000_a.sql": "applied",
        "001_t.sql": "applied",
        "002_t.sql": "applied",
        "001_z.sql": "duplicate",
    }
    assert run_finished(await applied.roll_back()).result is RunResult.DONE
    assert rows(applied) == ["t1"]


async def test_renamed_migration_can_be_edited_and_renamed_again(applied: Project) -> None:
    rename(applied, "002_t.sql", "002_u.sql")
    await applied.apply(allow=RENAMED, reason="x")
    rename(applied, "002_u.sql", "002_v.sql")
    assert (await applied.states())["002_v.sql"] == "renamed"
    await applied.apply(allow=RENAMED, reason="x")
    assert [e.name for e in await read_history(applied.connector, applied.target, "002_v.sql")] == [
        "002_t.sql",
        "002_u.sql",
        "002_v.sql",
    ]
    (applied.path / "002_v.sql").unlink()
    assert (await applied.states())["002_v.sql"] == "missing"
    assert run_finished(await applied.roll_back(extent=Extent.UP_TO, number=1, allow=EVERYTHING, reason="x"))
    assert rows(applied) == ["t1"]
    write(applied, "002_v.sql", "other")
    assert (await applied.states())["002_v.sql"] == "pending"


async def test_comment_or_rollback_that_changed_does_not_hide_the_rename(applied: Project) -> None:
    (applied.path / "002_t.sql").unlink()
    write(applied, "002_u.sql", "t2", more="-- a comment")
    assert (await applied.states())["002_u.sql"] == "renamed"
    await applied.apply(allow=RENAMED, reason="x")
    assert (await applied.states())["002_u.sql"] == "cosmetic"


async def test_renamed_and_edited_file_is_a_new_file(applied: Project) -> None:
    (applied.path / "003_t.sql").unlink()
    write(applied, "004_u.sql", "t4")
    assert await applied.states() == {
        "000_a.sql": "applied",
        "001_t.sql": "applied",
        "002_t.sql": "applied",
        "003_t.sql": "missing",
        "004_u.sql": "pending",
    }


async def test_renames_that_shift_the_numbers_run_nothing_again(applied: Project) -> None:
    """A new file 002 moves the others, and a name can be one that another migration had."""
    for old, new in (("003_t.sql", "004_t.sql"), ("002_t.sql", "003_t.sql")):
        rename(applied, old, new)
    write(applied, "002_t.sql", "new")
    states = await applied.states()
    assert states["004_t.sql"] == "renamed"
    assert (states["002_t.sql"], states["003_t.sql"]) == ("late", "renamed")
    end = run_finished(await applied.apply(allow=EVERYTHING - RENAMED, reason="x"))
    assert end.result is RunResult.REFUSED
    assert rows(applied) == ALL
    assert run_finished(await applied.apply(allow=EVERYTHING, reason="x")).result is RunResult.DONE
    assert rows(applied) == ["new", *ALL]
    assert set((await applied.states()).values()) == {"applied"}


async def test_swapped_names_run_nothing(applied: Project) -> None:
    for old, new in (("001_t.sql", "x"), ("002_t.sql", "001_t.sql"), ("x", "002_t.sql")):
        rename(applied, old, new)
    assert await applied.states() == {
        "000_a.sql": "applied",
        "001_t.sql": "edited",
        "002_t.sql": "edited",
        "003_t.sql": "applied",
    }
    await applied.apply(allow=EVERYTHING, reason="x")
    assert rows(applied) == ALL


async def test_copy_of_an_applied_file_is_named_as_such(applied: Project) -> None:
    text = (applied.path / "002_t.sql").read_text()
    (applied.path / "004_copy.sql").write_text(text)
    status = (await applied.status()).migrations[-1]
    assert (status.state.value, status.note) == ("pending", "002_t.sql has the same text and is applied")
    rename(applied, "002_t.sql", "002_u.sql")
    assert list((await applied.states()).items())[1:] == [
        ("001_t.sql", "applied"),
        ("002_u.sql", "renamed"),
        ("003_t.sql", "applied"),
        ("004_copy.sql", "pending"),
    ]


async def test_renamed_file_of_an_interrupted_run_resumes(project: Project) -> None:
    project.sql("CREATE TABLE ran (name text)")
    undo = "-- Rollback:\n-- DELETE FROM ran;\n"
    project.write("001_t.sql", f"INSERT INTO ran VALUES ('t1');\nVACUUM ran;\nSELECT 1 / 0;\n{undo}")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    rename(project, "001_t.sql", "001_u.sql")
    assert await project.states() == {"001_u.sql": "renamed"}
    project.write("001_v.sql", "SELECT 1;\n-- Rollback: none: test\n")
    (project.path / "001_v.sql").unlink()
    assert run_finished(await project.apply(allow=RENAMED, reason="x")).result is RunResult.FAILED
    assert rows(project) == ["t1"]
    assert await project.states() == {"001_u.sql": "failed"}


async def test_drift_replays_a_renamed_migration(applied: Project) -> None:
    rename(applied, "002_t.sql", "002_u.sql")
    await applied.apply(allow=RENAMED, reason="x")
    drift = await drift_of(applied)
    assert (drift.migrations, drift.differences) == (4, ())
