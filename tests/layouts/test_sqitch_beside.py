"""koonj deploys and reverts in a folder of sqitch, and sqitch finds its registry as if it had done it itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import PlanMade, RunResult
from support import gate
from support.project import Project, events_of_kind, run_finished
from support.sqitch import Sqitch
from support.turns import rows, tool_meanwhile

HEAD = "%syntax-version=1.0.0\n%project=shop\n%uri=https://example.org/shop\n\n"
BY = "2026-11-29T20:24:51Z Ann Example <ann@example.org>"
BOB = "2026-11-30T00:00:00Z Bob <bob@example.org>"


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    text = '[core]\n\tengine = pg\n[user]\n\tname = "Deploying \\"D\\" Dora"\n\temail = dora@example.org\n'
    (tmp_path / "sqitch.conf").write_text(text)
    (tmp_path / "sqitch.plan").write_text(HEAD)
    return Project(tmp_path, Target("local", database), connector)


def write(project: Project, name: str, line: str = "", up: str = "", down: str = "") -> None:
    """Add a change to the plan, with its scripts. `line`: what stands after its name."""
    for folder in ("deploy", "revert", "verify"):
        (project.path / folder / name).parent.mkdir(parents=True, exist_ok=True)
    up, down = up or f"CREATE TABLE {name} (id int);", down or f"DROP TABLE {name};"
    for folder, text in (("deploy", up), ("revert", down)):
        script = f"{text}\n" if "CONCURRENTLY" in text else f"BEGIN;\n{text}\nCOMMIT;\n"
        (project.path / folder / f"{name}.sql").write_text(script)
    add_line(project, f"{name} {line or BY}")


def rework(project: Project, name: str, tag: str, line: str) -> None:
    """Add a change again, as ``sqitch rework`` does: its scripts so far get the tag into their names."""
    for folder in ("deploy", "revert"):
        script = project.path / folder / f"{name}.sql"
        script.rename(script.with_name(f"{name}{tag}.sql"))
    write(project, name, line, f"ALTER TABLE {name} ADD c int;", f"ALTER TABLE {name} DROP c;")


def add_line(project: Project, line: str) -> None:
    with (project.path / "sqitch.plan").open("a") as plan:
        plan.write(f"{line}\n")


def registry(dsn: str) -> dict[str, list[dict[str, Any]]]:
    tables = {
        "changes": "committed_at",
        "tags": "committed_at",
        "events": "committed_at",
        "dependencies": "change_id, type, dependency",
        "projects": "project",
        "releases": "version",
    }
    times = {"projects": "created_at", "releases": "installed_at"}
    return {
        table: rows(
            dsn,
            f"sqitch.{table}",
            order,
            but=() if table == "dependencies" else (times.get(table, "committed_at"),),
        )
        for table, order in tables.items()
    }


def assert_times_in_order(project: Project) -> None:
    """sqitch looks for a change by a tag that is not older than it."""
    wrong = project.sql(
        "SELECT FROM sqitch.changes AS c JOIN sqitch.tags AS t USING (change_id) WHERE t.committed_at < c.committed_at"
        " UNION ALL SELECT FROM sqitch.changes AS c JOIN sqitch.events AS e USING (change_id)"
        " WHERE e.event = 'deploy' GROUP BY c.change_id HAVING max(e.committed_at) < max(c.committed_at)"
    )
    assert wrong == []


async def test_sqitch_and_koonj_take_turns(project: Project, make_database: Callable[[], str]) -> None:
    """The same folder in a second database, which only sqitch changes: the registries are equal but for times."""
    other = make_database()
    sqitch, alone = Sqitch.on(project.target.dsn, project.path), Sqitch.on(other, project.path)
    write(project, "users", f'{BY} # The "users", \\\\ and\\nmore.')
    sqitch.run("deploy")
    alone.run("deploy")
    add_line(project, f"@v1 {BOB} # after the deploy")
    write(project, "posts", f"[users !gone @v1] {BOB} # Posts: 100% {{a,b}}")
    add_line(project, f"@v2 {BOB} # äöü {{}}")
    add_line(project, f"@v2b {BY}")
    write(
        project,
        "gone",
        up="CREATE INDEX CONCURRENTLY gone ON users (id);",
        down="DROP INDEX CONCURRENTLY gone;",
    )
    assert run_finished(await project.run(Direction.APPLY)).committed == ("posts",)
    alone.run("deploy", "--to", "posts")
    assert registry(project.target.dsn) == registry(other)
    assert len(registry(other)["tags"]) == 3
    assert_times_in_order(project)
    sqitch.run("deploy")
    alone.run("deploy")
    assert run_finished(await project.roll_back()).committed == ("gone",)
    assert run_finished(await project.roll_back()).committed == ("posts",)
    alone.run("revert", "-y", "--to", "users")
    assert registry(project.target.dsn) == registry(other)
    assert project.tables() == {"users"}
    rework(project, "users", "@v1", f"[users@v1] {BY}")
    assert run_finished(await project.apply()).committed == ("posts", "gone", "users")
    alone.run("deploy")
    assert registry(project.target.dsn) == registry(other)
    assert "Nothing to deploy" in sqitch.run("deploy")
    assert "Check successful" in sqitch.run("check")
    assert "- gone" in sqitch.run("revert", "-y", "--to", "posts")
    assert_times_in_order(project)


async def test_the_committer_is_the_one_that_sqitch_takes(
    project: Project, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the project nor the user nor the environment says it; then one after the other does."""
    (project.path / "sqitch.conf").write_text("[core]\n\tengine = pg\n")
    sqitch = Sqitch.on(project.target.dsn, project.path)
    write(project, "users")
    sqitch.run("deploy")
    for number, (name, mail) in enumerate(
        (("", ""), ("Home", "home@x"), ("Project", "home@x"), ("Env", "env@x"))
    ):
        if name == "Home":
            (home / ".sqitch").mkdir()
            (home / ".sqitch" / "sqitch.conf").write_text("[user]\nname = Home\nemail = home@x\n")
        elif name == "Project":
            (project.path / "sqitch.conf").write_text("[core]\n\tengine = pg\n[user]\nname = Project\n")
        elif name == "Env":
            monkeypatch.setenv("SQITCH_FULLNAME", name)
            monkeypatch.setenv("SQITCH_EMAIL", mail)
        write(project, f"t{number}")
        assert run_finished(await project.apply()).result is RunResult.DONE
        newest = "SELECT committer_name, committer_email FROM sqitch.changes ORDER BY committed_at"
        first, *_, last = project.sql(newest)
        assert last == ((name, mail) if name else first)


async def put(project: Project) -> Sqitch:
    """Write the change `users`, and let sqitch deploy it."""
    sqitch = Sqitch.on(project.target.dsn, project.path)
    write(project, "users")
    sqitch.run("deploy")
    return sqitch


HELD = "SELECT objid::int8, NULL FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
TABLES = "SELECT NULL, relation::regclass || ' ' || mode FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid()"


async def test_the_locks_of_sqitch_are_held_while_koonj_runs_and_free_after_it(project: Project) -> None:
    await put(project)
    write(project, "posts", up=f"CREATE TABLE posts AS {HELD} UNION ALL {TABLES};")
    write(project, "bad", up="SELECT 1/0;")
    end = run_finished(await project.apply())
    assert (end.result, end.committed) == (RunResult.FAILED, ("posts",))
    held = project.sql("SELECT * FROM posts")
    assert {(75474063, None), (None, "sqitch.changes ExclusiveLock")} <= set(held)
    same = "SELECT c.xmin = r.xmin FROM sqitch.changes AS c JOIN pg_class AS r ON r.relname = c.change"
    assert project.sql(f"{same} WHERE c.change = 'posts'") == [(True,)]
    with psycopg.connect(project.target.dsn, autocommit=True) as other:
        assert other.execute("SELECT pg_try_advisory_lock(75474063)").fetchone() == (True,)
        pid, end = other.info.backend_pid, run_finished(await project.apply(wait=0.1))
    assert end.result is RunResult.LOCKED
    assert f"(pid {pid}, user postgres, local) holds the lock of sqitch" in end.message
    assert [row["event"] for row in registry(project.target.dsn)["events"]] == ["deploy", "deploy"]


async def test_a_sqitch_that_is_started_meanwhile_waits_and_does_nothing(project: Project) -> None:
    sqitch = await put(project)
    project.sql(gate.CLOSE)
    write(project, "posts", up=f"CREATE TABLE posts (); {gate.wait_at()}")
    events, said = await tool_meanwhile(project, lambda: sqitch.run("deploy"), r"pg_advisory_lock\(75474063")
    assert run_finished(events).result is RunResult.DONE
    assert "Blocked by another instance of Sqitch" in said
    assert "Nothing to deploy" in said


async def test_without_a_registry_sqitch_must_be_run_once(project: Project) -> None:
    write(project, "users")
    end = run_finished(await project.apply())
    assert end.failure is not None
    assert (
        "sqitch has no history on this target yet, and koonj does not create it there." in end.failure.message
    )
    assert project.tables() == set()


async def test_a_second_project_is_registered_with_its_first_change(project: Project) -> None:
    await put(project)
    text = HEAD.replace("%project=shop", "%project=store")
    (project.path / "sqitch.plan").write_text(text)
    write(project, "users", up="CREATE TABLE users_of_store ();", down="DROP TABLE users_of_store;")
    (refused,) = run_finished(await project.apply()).conflicts
    assert (
        refused.message
        == "The project shop has the URI https://example.org/shop already, so sqitch refuses this plan."
    )
    (project.path / "sqitch.plan").write_text(text.replace("/shop", "/store") + f"users {BY}\n")
    assert run_finished(await project.apply()).result is RunResult.DONE
    shop, store = registry(project.target.dsn)["projects"]
    assert store == {**shop, "project": "store", "uri": "https://example.org/store"}
    assert "Check successful" in Sqitch.on(project.target.dsn, project.path).run("check")


REFUSED = {
    "a registry of another version": (
        "UPDATE sqitch.releases SET version = 1.0",
        "The registry has version 1, and koonj keeps registries of version 1.1.",
    ),
    "a registry without a version": (
        "DROP TABLE sqitch.releases",
        "The registry has no version, and",
    ),
    "another URI": (
        "UPDATE sqitch.projects SET uri = NULL",
        "The registry has the project shop with the URI NULL, and the plan has https://example.org/shop.",
    ),
    "a change that the plan does not have": (
        "UPDATE sqitch.changes SET change_id = repeat('a', 40) WHERE change = 'b'",
        "and the plan has no change with its id.",
    ),
    "another order than that of the plan": (
        "UPDATE sqitch.changes SET committed_at = now() WHERE change = 'a'",
        "a was deployed after b, which comes later in the plan.",
    ),
    "a change that sqitch never deploys": (
        "DELETE FROM sqitch.changes WHERE change = 'a'",
        "a is pending, but a migration after it is applied. sqitch does not apply it.",
    ),
    "a change of another project": ("[other:users]", "It names other:users, which is not in this plan."),
    "a conflict": ("[!users]", "It is in conflict with users, which is deployed before it."),
    "a variable of psql": ("SELECT :'name';", "psql replaces :'name' by the value of a variable."),
    "a command of psql": ("\\i other.sql", "command that koonj does not run."),
}


async def test_what_koonj_cannot_promise_is_refused_with_the_reason(
    project: Project,
) -> None:
    """Each case begins with the registry of three deployed changes, and a fourth one in the plan."""
    write(project, "users")
    write(project, "a")
    write(project, "b")
    Sqitch.on(project.target.dsn, project.path).run("deploy")
    plan = (project.path / "sqitch.plan").read_text()
    save = [
        f"CREATE TABLE saved_{table} AS TABLE sqitch.{table}" for table in ("changes", "projects", "releases")
    ]
    project.sql(";".join(save))
    for case, (trouble, words) in REFUSED.items():
        is_line, is_script = trouble.startswith("["), trouble.startswith(("SELECT", "\\"))
        (project.path / "sqitch.plan").write_text(plan)
        write(project, "c", f"{trouble} {BY}" if is_line else "", trouble if is_script else "")
        if not is_line and not is_script:
            project.sql(trouble)
        events = await project.apply()
        assert run_finished(events).result is RunResult.REFUSED, case
        conflicts = events_of_kind(events, PlanMade)[-1].plan.conflicts
        assert any(words in one.message and one.hint and not one.can_allow for one in conflicts), (
            case,
            conflicts,
        )
        assert "c" not in project.tables(), case
        restore(project)


def restore(project: Project) -> None:
    """Put the registry back, as it was saved."""
    project.sql(
        "CREATE TABLE IF NOT EXISTS sqitch.releases AS TABLE saved_releases;"
        "TRUNCATE sqitch.releases, sqitch.changes, sqitch.projects CASCADE;"
        "INSERT INTO sqitch.releases TABLE saved_releases; INSERT INTO sqitch.projects TABLE saved_projects;"
        "INSERT INTO sqitch.changes TABLE saved_changes"
    )
