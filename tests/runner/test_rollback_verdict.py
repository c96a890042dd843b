"""The plan of a rollback shows the verdict on the rollback, not on the migration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from koonj.runner.run.events import PlanMade
from support.project import Project, events_of_kind

BASE = "CREATE TABLE t1 (id int PRIMARY KEY, note text);\n-- Rollback:\n-- DROP TABLE t1;\n"
CASES = {
    "verified": (
        "CREATE TABLE t2 ();",
        "DROP TABLE t2;",
        "verified",
        "The rollback restores the schema exactly.",
    ),
    "the migration fails when it is applied again": (
        "CREATE TABLE t2 (); CREATE ROLE {role};",
        "DROP TABLE t2;",
        "verified",
        "The rollback restores the schema exactly.",
    ),
    "the migration produces something else when it is applied again": (
        "DO $$ BEGIN IF to_regrole('{role}') IS NULL THEN CREATE ROLE {role}; CREATE TABLE t2 (); "
        "ELSE CREATE TABLE t2 (a int); END IF; END $$;",
        "DROP TABLE t2;",
        "verified",
        "The rollback restores the schema exactly.",
    ),
    "the rollback fails": (
        "CREATE TABLE t2 ();",
        "DROP TABLE nowhere;",
        "broken",
        'The rollback fails: table "nowhere" does not exist',
    ),
    "the rollback forgets something": (
        "CREATE TABLE t2 (); CREATE TABLE t3 ();",
        "DROP TABLE t2;",
        "incomplete",
        "The rollback does not restore the schema: table public.t3 is not removed.",
    ),
    "the rollback loses data": (
        "ALTER TABLE t1 DROP COLUMN note;",
        "ALTER TABLE t1 ADD COLUMN note text;",
        "lossy",
        "The rollback restores the schema but not the data: ",
    ),
    "the rollback loses data, and the migration fails when it is applied again": (
        "ALTER TABLE t1 DROP COLUMN note; CREATE ROLE {role};",
        "ALTER TABLE t1 ADD COLUMN note text;",
        "lossy",
        "The rollback restores the schema but not the data: the migration drops the column public.t1.note",
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_plan_of_a_rollback_shows_its_own_verdict(project: Project, tmp_path: Path, case: str) -> None:
    body, rollback, verdict, message = CASES[case]
    role = f"made_by_{tmp_path.name[-20:]}_{os.getpid()}".lower()
    project.write("001_base.sql", BASE)
    project.write("002_x.sql", f"{body.replace('{role}', role)}\n-- Rollback:\n-- {rollback}\n")
    await project.apply()
    project.sql(f"DROP ROLE IF EXISTS {role}")
    (made,) = events_of_kind(await project.roll_back(number=1, plan_only=True, measure=True), PlanMade)
    (planned,) = made.plan.migrations
    assert (planned.verdict, planned.verdict_message[: len(message)]) == (verdict, message)


async def test_verdict_is_unknown_when_the_rehearsal_did_not_reach_the_rollback(project: Project) -> None:
    project.write("001_base.sql", BASE)
    project.write("002_x.sql", "DO $$ BEGIN PERFORM 1 FROM only_here; END $$;\n-- Rollback:\n-- SELECT 1;\n")
    project.sql("CREATE TABLE only_here ()")
    await project.apply()
    (made,) = events_of_kind(await project.roll_back(number=1, plan_only=True, measure=True), PlanMade)
    (planned,) = made.plan.migrations
    assert planned.verdict == "unknown"
    assert planned.verdict_message.startswith(
        "The rehearsal did not reach the rollback. The migration fails: "
    )
