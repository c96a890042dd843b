"""Tests of apply: migrations run from a folder, and the catalog has their changes."""

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    MigrationFinished,
    Notice,
    PlanMade,
    Question,
    RunResult,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.request import Extent
from support.project import Project, collect_events, events_of_kind, run_finished


async def test_all_pending_migrations_run_in_the_order_of_their_numbers(project: Project) -> None:
    names = [project.table(n) for n in (1, 2, 10)]
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert run_finished(events).committed == tuple(names)
    assert project.tables() == {"t1", "t2", "t10"}
    assert await project.states() == dict.fromkeys(names, "applied")


async def test_next_applies_one_migration_and_up_to_includes_its_number(project: Project) -> None:
    for number in (1, 2, 3, 4):
        project.table(number)
    await project.run(Direction.APPLY)
    assert project.tables() == {"t1"}
    await project.run(Direction.APPLY, extent=Extent.UP_TO, number=3)
    assert project.tables() == {"t1", "t2", "t3"}


async def test_history_entry_records_user_time_and_script(project: Project) -> None:
    name = project.table(1)
    events = await project.apply()
    (entry,) = await project.entries()
    assert (entry.name, entry.action, entry.outcome) == (name, "apply", "done")
    assert (entry.statements_done, entry.statements_total) == (1, 1)
    assert entry.finished is not None
    assert entry.finished >= entry.started
    assert entry.os_user
    assert entry.host
    assert entry.transaction_id is not None
    assert len(events_of_kind(events, MigrationFinished)) == 1
    [(script,)] = project.sql("SELECT script FROM koonj.history")
    assert script == (project.path / name).read_text()


async def test_history_entry_commits_in_the_transaction_of_its_migration(project: Project) -> None:
    project.table(1)
    await project.apply()
    [(same,)] = project.sql("SELECT h.xmin = c.xmin FROM koonj.history h, pg_class c WHERE c.relname = 't1'")
    assert same


async def test_file_without_begin_runs_in_one_transaction_and_the_plan_explains_it(project: Project) -> None:
    project.write(
        "001_two.sql", "CREATE TABLE a ();\nCREATE TABLE b ();\nSELECT 1/0;\n-- Rollback: none: test"
    )
    events = await project.apply()
    (planned,) = events_of_kind(events, PlanMade)[0].plan.migrations
    assert planned.in_transaction
    assert "BEGIN" in planned.explanation
    assert project.tables() == set()


async def test_begin_in_the_file_sets_the_isolation_level(project: Project) -> None:
    project.write(
        "001_level.sql",
        """
        BEGIN ISOLATION LEVEL SERIALIZABLE;
        CREATE TABLE seen AS SELECT current_setting('transaction_isolation') AS level;
        COMMIT;
        -- Rollback: none: test
        """,
    )
    await project.apply()
    assert project.sql("SELECT level FROM seen") == [("serializable",)]


async def test_set_transaction_is_permitted_as_first_statement(project: Project) -> None:
    project.write(
        "001_level.sql",
        """
        BEGIN;
        SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
        CREATE TABLE seen AS SELECT current_setting('transaction_isolation') AS level;
        COMMIT;
        -- Rollback: none: test
        """,
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT level FROM seen") == [("repeatable read",)]


async def test_concurrently_runs_outside_a_transaction(project: Project) -> None:
    project.table(1)
    project.write(
        "002_index.sql",
        """
        CREATE INDEX CONCURRENTLY t1_a ON t1 (id);
        CREATE INDEX CONCURRENTLY t1_b ON t1 (id);
        -- Rollback:
        -- DROP INDEX CONCURRENTLY IF EXISTS t1_a;
        -- DROP INDEX CONCURRENTLY IF EXISTS t1_b;
        """,
    )
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert [s.index for s in events_of_kind(events, StatementStarted) if s.name == "002_index.sql"] == [1, 2]
    entry = (await project.entries())[-1]
    assert (entry.outcome, entry.statements_done, entry.statements_total) == ("done", 2, 2)
    assert project.sql("SELECT count(*) FROM pg_index WHERE indrelid = 't1'::regclass") == [(3,)]


async def test_blocks_of_a_file_commit_separately(project: Project) -> None:
    project.write(
        "001_blocks.sql",
        """
        BEGIN;
        CREATE TABLE a ();
        COMMIT;
        CREATE TABLE between ();
        BEGIN;
        CREATE TABLE b ();
        CREATE TABLE a ();
        COMMIT;
        -- Rollback: none: test
        """,
    )
    events = await project.apply()
    failure = run_finished(events).failure
    assert failure is not None
    assert (failure.statement, failure.of) == (4, 4)
    assert len(failure.committed) == 2
    assert project.tables() == {"a", "between"}
    entry = (await project.entries())[-1]
    assert (entry.outcome, entry.statements_done) == ("failed", 2)


async def test_apply_resumes_at_the_failed_statement_when_its_cause_is_fixed(project: Project) -> None:
    project.write(
        "001_blocks.sql",
        "CREATE TABLE a ();\nBEGIN;\nCREATE TABLE b AS SELECT x FROM later;\nCOMMIT;\n-- Rollback: none: test",
    )
    assert run_finished(await project.apply()).result is RunResult.FAILED
    project.sql("CREATE TABLE later (x int)")
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert [s.index for s in events_of_kind(events, StatementStarted)] == [2]
    assert set((await project.states()).values()) == {"applied"}


async def test_copy_data_is_sent_with_the_copy_protocol(project: Project) -> None:
    project.write(
        "001_copy.sql",
        "BEGIN;\nCREATE TABLE words (id int, word text);\n"
        "COPY words FROM stdin;\n1\ta;b\n2\t--no\\tcomment\n\\.\nINSERT INTO words VALUES (3, 'c');\nCOMMIT;\n"
        "-- Rollback:\n-- BEGIN;\n-- DROP TABLE words;\n-- COMMIT;\n",
    )
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    assert project.sql("SELECT * FROM words ORDER BY 1") == [(1, "a;b"), (2, "--no\tcomment"), (3, "c")]
    assert "COPY 2" in [s.command_tag for s in events_of_kind(events, StatementFinished)]


async def test_notice_arrives_while_its_statement_runs(project: Project) -> None:
    project.write(
        "001_notice.sql",
        "DO $$ BEGIN RAISE WARNING 'careful %', 1 USING HINT = 'look'; END $$;\n-- Rollback: none: test\n",
    )
    events = await project.apply()
    (notice,) = events_of_kind(events, Notice)
    assert (notice.severity, notice.message, notice.hint) == ("WARNING", "careful 1", "look")
    kinds = [type(event) for event in events]
    assert kinds.index(StatementStarted) < kinds.index(Notice) < kinds.index(StatementFinished)


async def test_apply_creates_no_history_when_nothing_is_pending(project: Project) -> None:
    events = await project.apply()
    assert run_finished(events).result is RunResult.NOTHING
    assert project.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'koonj'") == [(0,)]


async def test_only_yes_confirms_the_run(project: Project) -> None:
    project.table(1)
    events = await collect_events(project.start(Direction.APPLY, assume_yes=False), answer="y ")
    assert run_finished(events).result is RunResult.DECLINED
    assert project.tables() == set()
    events = await collect_events(project.start(Direction.APPLY, assume_yes=False))
    assert run_finished(events).result is RunResult.DONE


async def test_protected_target_requires_its_name_even_with_assume_yes(project: Project) -> None:
    project.table(1)
    project.protect()
    events = await collect_events(project.start(Direction.APPLY), answer="yes")
    (question,) = events_of_kind(events, Question)
    assert (question.kind, question.expected) == ("typed", "local")
    assert run_finished(events).result is RunResult.DECLINED
    assert (
        run_finished(await collect_events(project.start(Direction.APPLY), answer="local")).result
        is RunResult.DONE
    )


async def test_plan_only_changes_nothing(project: Project) -> None:
    project.table(1)
    events = await project.apply(plan_only=True)
    assert events_of_kind(events, PlanMade)
    assert project.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'koonj'") == [(0,)]


async def test_file_with_an_error_stops_the_run_before_it_changes_anything(project: Project) -> None:
    project.table(1)
    project.write("002_open.sql", "BEGIN;\nCREATE TABLE t2 ();\n-- Rollback: none: test\n")
    events = await project.apply()
    assert run_finished(events).result is RunResult.REFUSED
    (conflict,) = run_finished(events).conflicts
    assert (conflict.state, conflict.can_allow, conflict.line) == ("open-transaction", False, 1)
    assert project.tables() == set()
