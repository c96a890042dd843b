"""koonj apply --probe and rollback --probe: text, JSON and exit codes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import psycopg
import pytest

from support.command import Project, Terminal

NOTHING = "State: Nothing was committed: a probe is always rolled back."


@pytest.fixture
def documents(project: Project) -> Project:
    """Return a project with a table and two pending migrations, one on this table."""
    project.sql("CREATE TABLE documents (id serial PRIMARY KEY)")
    project.write(
        "001_alter.sql",
        "BEGIN;\nALTER TABLE documents ADD COLUMN s int;\nINSERT INTO documents (s) VALUES (1);\nCOMMIT;\n\n"
        "-- Rollback:\n-- BEGIN;\n-- ALTER TABLE documents DROP COLUMN s;\n-- COMMIT;\n",
    )
    project.table(2)
    return project


def test_text_shows_locks_and_that_all_was_rolled_back(documents: Project) -> None:
    answer = documents.koonj("apply", "--all", "--probe", "--yes")
    assert (answer.code, answer.err) == (0, "")
    lines = [re.sub(r"[0-9.]+ s\b", "0 s", line) for line in answer.out.splitlines()]
    assert "  one transaction; lock_timeout 1s" in lines
    assert (
        "note: probe: runs BEGIN … ROLLBACK on local itself. Its locks are real (lock_timeout at most 1s). "
        "Sequences that it advances are not restored." in lines
    )
    started = lines.index("Probing 1 of 2: 001_alter.sql")
    assert lines[started + 3 : started + 5] == [
        "◦ probed  001_alter.sql  2 statements, 0 s; locks: ACCESS EXCLUSIVE documents; "
        "ROW EXCLUSIVE documents_id_seq (sequence)",
        "Probing 2 of 2: 002_make_t2.sql",
    ]
    assert lines[-2:] == [
        "◦ probed  002_make_t2.sql  1 statement, 0 s; locks: no new ones on relations that existed before the probe",
        "Probed 2 migrations on local. Everything was rolled back. "
        "These sequences advanced and were not restored: public.documents_id_seq.",
    ]
    assert documents.tables() == set()
    assert documents.sql("SELECT to_regnamespace('koonj')") == [(None,)]


def test_json_shows_locks_and_sequences(documents: Project) -> None:
    answer = documents.koonj("apply", "--all", "--probe", "--yes", "--json")
    assert answer.code == 0
    assert answer.events[0]["probe"] is True
    first, second = (event for event in answer.events if event["event"] == "migration_probed")
    assert first["name"] == "001_alter.sql"
    assert first["sequences"] == ["public.documents_id_seq"]
    assert first["locks"][0] == {
        "relation": "public.documents",
        "kind": "table",
        "mode": "ACCESS EXCLUSIVE",
        "of": None,
    }
    assert second["locks"] == []
    last = answer.events[-1]
    assert (last["result"], last["committed"], last["not_run"]) == ("probed", [], [])
    assert not any(event["event"] == "migration_finished" for event in answer.events)


def test_probe_of_a_number_and_of_rollbacks(documents: Project) -> None:
    answer = documents.koonj("apply", "1", "--probe", "--yes")
    assert answer.code == 0
    assert "Probed 1 migration on local" in answer.out
    documents.koonj("apply", "--all", "--yes")
    answer = documents.koonj("rollback", "--all", "--probe", "--yes")
    assert answer.code == 0
    assert "Probing the rollback, 1 of 2: 002_make_t2.sql" in answer.out
    assert "Probed 2 rollbacks on local. Everything was rolled back." in answer.out
    assert documents.tables() == {"t2"}


def test_failure_reports_that_nothing_is_committed(documents: Project) -> None:
    documents.write("003_bad.sql", "SELECT 1;\nSELECT nowhere;\n-- Rollback: none: test\n")
    documents.table(4)
    answer = documents.koonj("apply", "--all", "--probe", "--yes")
    assert answer.code == 1
    assert "migrations/003_bad.sql:2:8: ERROR: column" in answer.err
    assert NOTHING in answer.err
    assert "Next: Fix the cause, then run: koonj apply --probe" in answer.err
    assert answer.err.endswith("not run: 004_make_t4.sql\n")
    assert "committed in this run" not in answer.err
    assert documents.tables() == set()


def test_probe_refuses_statements_outside_a_transaction(documents: Project) -> None:
    documents.write("003_build.sql", "CREATE INDEX CONCURRENTLY i ON t2 (id);\n-- Rollback: none: test\n")
    answer = documents.koonj("apply", "--all", "--probe", "--yes")
    assert answer.code == 1
    refused = "003_build.sql is not one transaction, so it cannot be probed. Statement 1 of 1"
    assert f"not transactional: {refused}" in answer.err
    assert "koonj rehearse 003_build.sql" in answer.err
    assert "Probing" not in answer.out


def test_probe_requires_confirmation(documents: Project) -> None:
    answer = documents.koonj("apply", "--probe")
    assert answer.code == 2
    documents.configure(protected="true")
    assert documents.koonj("apply", "--probe", "--yes").code == 2
    assert documents.koonj("apply", "--probe", "--confirm", "local").code == 0


def test_probe_and_plan_cannot_be_combined(documents: Project) -> None:
    answer = documents.koonj("apply", "--plan", "--probe")
    assert answer.code == 2
    assert "Use either --plan (changes nothing) or --probe (runs on the target), not both." in answer.err


def test_probe_fails_soon_when_a_table_is_locked(documents: Project) -> None:
    with psycopg.connect(documents.dsn) as other:
        other.execute("SELECT FROM documents")
        answer = documents.koonj("apply", "--probe", "--yes")
    assert answer.code == 1
    assert "(SQLSTATE 55P03)" in answer.err
    assert "a probe waits only briefly. Retry: koonj apply --probe" in answer.err


def test_ctrl_c_cancels_and_nothing_is_committed(
    documents: Project, terminal: Callable[..., Terminal]
) -> None:
    documents.write("003_sleep.sql", "CREATE TABLE t3 ();\nSELECT pg_sleep(60);\n-- Rollback: none: test\n")
    user = terminal("apply", "--all", "--probe", "--yes")
    user.expect("statement 2 of 2, line 2: select")
    sleeping = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    )
    while documents.sql(sleeping) == [(0,)]:
        time.sleep(0.02)
    user.type("\x03")
    assert user.close() == 6
    assert NOTHING in user.text
    assert documents.tables() == set()


def test_help_shows_examples_of_probe(project: Project) -> None:
    for command, line in (
        ("apply", "apply --all --probe   run all of them on the target, then roll everything back"),
        ("rollback", "rollback --probe      run the rollback on the target, then roll everything back"),
    ):
        assert f"  koonj {line}\n" in project.koonj(command, "--help").out
