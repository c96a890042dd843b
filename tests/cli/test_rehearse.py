"""koonj rehearse and the policy of a target: text, JSON, exit codes, and clean-up."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from koonj.postgres.embedded.run_folder import PREFIX
from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.command import KOONJ, Project, Terminal

pytestmark = pytest.mark.slow

WRONG = """
    BEGIN;
    CREATE INDEX t1_id2 ON t1 (id);
    COMMIT;

    -- Rollback:
    -- BEGIN;
    -- SELECT 1;
    -- COMMIT;
"""


def scratch_of(pid: int) -> Path:
    """Return the folder of the scratch server that process `pid` runs."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                command = (folder / "cmdline").read_bytes().decode()
            except OSError:
                continue
            found = re.search(rf"(/[^\0]*/{PREFIX}[^/\0]+)/data", command)
            if parent == pid and found:
                return Path(found[1])
        time.sleep(0.02)
    raise AssertionError(f"process {pid} runs no scratch server")


def test_all_verified_exits_0(project: Project) -> None:
    project.table(1)
    answer = project.koonj("rehearse")
    assert answer.code == 0, answer.err
    first, verdict, last = answer.out.splitlines()
    assert first.startswith("rehearsing 1 migration on PostgreSQL ")
    assert verdict.startswith("◉ verified      001_make_t1.sql  ")
    assert last == "1 migration rehearsed, all verified."


def test_cached_verdicts_are_shown_without_a_rehearsal(project: Project) -> None:
    project.table(1)
    none = project.koonj("rehearse", "--all", "--cached")
    assert (none.code, none.out.splitlines()[-1]) == (0, "There is no cached verdict.")
    assert project.koonj("rehearse", "--all").code == 0
    project.table(2)
    answer = project.koonj("rehearse", "--all", "--cached")
    _, verdict, last = answer.out.splitlines()
    assert verdict.startswith("◉ verified      001_make_t1.sql  ")
    assert last == "1 migration rehearsed, all verified."
    refused = project.koonj("rehearse", "--cached", "--again")
    assert (refused.code, "not both" in refused.err) == (2, True)


def test_not_verified_exits_7_with_the_difference(project: Project) -> None:
    project.table(1)
    project.write("002_wrong.sql", WRONG)
    answer = project.koonj("rehearse")
    assert answer.code == 7
    assert "◔ incomplete    002_wrong.sql" in answer.out
    assert "index public.t1_id2 is not removed" in answer.out
    assert "+ CREATE INDEX t1_id2 ON public.t1 USING btree (id)" in answer.out
    assert answer.out.endswith("2 migrations rehearsed, 1 verified.\n")


def test_rehearse_takes_pending_numbers_or_all(project: Project) -> None:
    project.table(1)
    project.koonj("apply", "--yes")
    project.table(2)
    assert "001_" not in project.koonj("rehearse").out
    assert "001_make_t1.sql" in project.koonj("rehearse", "1").out
    assert "2 migrations rehearsed" in project.koonj("rehearse", "--all").out


def test_all_and_numbers_need_no_target(files: Project) -> None:
    files.table(1)
    assert files.koonj("rehearse", "--all").code == 0
    assert files.koonj("rehearse", "1").code == 0
    without = files.koonj("rehearse")
    assert without.code == 1
    assert "koonj rehearse --all" in without.err


def test_allowed_verdict_exits_0(files: Project) -> None:
    files.write(
        "001_a.sql", "BEGIN;\nCREATE TABLE a (id int, b int);\nCOMMIT;\n-- Rollback: none: the first one\n"
    )
    files.write(
        "002_b.sql",
        "BEGIN;\nALTER TABLE a DROP b;\nCOMMIT;\n-- Rollback:\n-- BEGIN;\n-- ALTER TABLE a ADD b int;\n-- COMMIT;\n",
    )
    assert files.koonj("rehearse", "--all").code == 7
    assert files.koonj("rehearse", "--all", "--allow", "irreversible").code == 7
    assert files.koonj("rehearse", "--all", "--allow", "irreversible", "--allow", "lossy").code == 0
    assert files.koonj("rehearse", "--all", "--allow", "incomplete").code == 2


def test_data_loss_with_another_order_is_lossy(files: Project) -> None:
    files.write(
        "001_a.sql", "BEGIN;\nCREATE TABLE a (b int, id int);\nCOMMIT;\n-- Rollback: none: the first one\n"
    )
    files.write(
        "002_b.sql",
        "BEGIN;\nALTER TABLE a DROP b;\nCOMMIT;\n-- Rollback:\n-- BEGIN;\n-- ALTER TABLE a ADD b int;\n-- COMMIT;\n",
    )
    assert files.koonj("rehearse", "2", "--allow", "reordered").code == 7
    assert files.koonj("rehearse", "2", "--allow", "lossy").code == 0


def test_json_contains_events_and_verdicts(project: Project) -> None:
    project.table(1)
    project.write("002_wrong.sql", WRONG)
    answer = project.koonj("rehearse", "--json")
    assert answer.code == 7
    events = answer.events
    assert (events[0]["event"], events[-1]["event"]) == ("rehearsal_started", "rehearsal_finished")
    (wrong,) = [
        e["rehearsal"] for e in events if e["event"] == "migration_rehearsal_finished" and e["index"] == 2
    ]
    assert wrong["verdict"] == "incomplete"
    assert [(x["relation"], x["mode"]) for x in wrong["apply"][0]["locks"] if x["kind"] == "table"] == [
        ("public.t1", "SHARE")
    ]
    assert events[-1]["not_verified"] == ["002_wrong.sql"]


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("--all", "1"), 2, "Use either --all or N, not both."),
        (("9",), 2, "No migration has the number 9."),
        (("--like", "locl"), 2, "Did you mean 'local'?"),
        (("--pg", "9"), 1, "No PostgreSQL 9 server binaries were found"),
    ],
)
def test_usage_error_or_missing_server(
    project: Project, argv: tuple[str, ...], code: int, message: str
) -> None:
    project.table(1)
    answer = project.koonj("rehearse", *argv)
    assert answer.code == code
    assert message in answer.err


def test_like_starts_from_the_schema_of_a_target(project: Project) -> None:
    project.table(1)
    project.koonj("apply", "--yes")
    project.sql("CREATE INDEX drifted ON t1 (id)")
    project.write("002_a.sql", WRONG.replace("t1_id2", "drifted"))
    from_files = project.koonj("rehearse", "2")
    assert "index public.drifted is not removed" in from_files.out
    like = project.koonj("rehearse", "--like", "local")
    assert like.code == 7
    assert "from the schema of local" in like.out
    assert 'relation "drifted" already exists' in like.out
    applied = project.koonj("rehearse", "1", "--like", "local")
    assert applied.code == 1
    assert "is already applied on local" in applied.err


def test_protected_target_requires_verified(project: Project) -> None:
    project.configure(protected="true")
    project.table(1)
    project.write("002_wrong.sql", WRONG)
    refused = project.koonj("apply", "--all", "--confirm", "local")
    assert refused.code == 7
    assert "not verified: The rehearsal of 002_wrong.sql ended with verdict incomplete" in refused.err
    assert project.tables() == set()
    forced = project.koonj("apply", "--all", "--confirm", "local", "--override", "the index stays")
    assert forced.code == 0, forced.err
    assert "the index stays" in forced.out
    entries = project.koonj("history", "2", "--json").json["entries"]
    assert [(a["allowed"], a["reason"]) for a in entries if a["action"] == "allow"] == [
        ("not_verified", "the index stays")
    ]


def test_policy_can_be_off(project: Project) -> None:
    project.configure(protected="true", policy='{ require = "off" }')
    project.table(1)
    project.write("002_wrong.sql", WRONG)
    assert project.koonj("apply", "--all", "--confirm", "local").code == 0


def test_plan_shows_its_locks(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOONJ_REHEARSE", "1")
    project.table(1)
    project.koonj("apply", "--yes")
    project.sql("INSERT INTO t1 SELECT generate_series(1, 5000); ANALYZE t1")
    project.write("002_wrong.sql", WRONG)
    plan = project.koonj("apply", "--plan")
    assert "rehearsal: incomplete (" in plan.out
    assert "SHARE on t1 (" in plan.out
    assert "blocks writes until the statement ends" in plan.out


def target_log(project: Project, *argv: str, **environ: str) -> str:
    """Run koonj, and return what the target's server wrote to its log in the meantime."""
    with TemporaryServer(settings={"log_connections": "on", "log_statement": "all"}) as target:
        project.dsn = target.dsn()
        project.configure()
        log = target.folder / "log"
        size_before = log.stat().st_size
        answer = project.run(
            *argv, **{name: value.format(host=target.folder) for name, value in environ.items()}
        )
        assert answer.code == 0, answer.err
        return log.read_bytes()[size_before:].decode()


def test_rehearse_all_never_connects_to_the_target(project: Project) -> None:
    table = f"t{secrets.token_hex(8)}"
    project.write(
        "001_a.sql",
        f"BEGIN;\nCREATE TABLE {table} (id int);\nCOMMIT;\n-- Rollback:\n-- BEGIN;\n-- DROP TABLE {table};\n-- COMMIT;\n",
    )
    written = target_log(
        project,
        "rehearse",
        "--all",
        PGHOST="{host}",
        PGHOSTADDR="127.0.0.1",
        PGUSER="postgres",
        PGDATABASE="postgres",
        PGOPTIONS="-c search_path=elsewhere",
        DATABASE_URL="postgresql://postgres@/postgres?host={host}",
    )
    assert "connection" not in written
    assert "statement" not in written


def test_ctrl_c_removes_the_scratch_server(project: Project, terminal: Callable[..., Terminal]) -> None:
    project.write(
        "001_sleep.sql", f"SELECT pg_sleep(60), '{secrets.token_hex(8)}';\n-- Rollback:\n-- SELECT 1;\n"
    )
    user = terminal("rehearse", "--all")
    user.expect("rehearsing 1 migration")
    scratch = scratch_of(user.process.pid)
    time.sleep(0.3)
    user.type("\x03")
    user.expect("Cancelled. The scratch database was deleted.")
    assert user.close() == 6
    assert not scratch.exists()


def test_next_start_removes_the_files_of_a_killed_rehearsal(project: Project) -> None:
    project.write(
        "001_sleep.sql", f"SELECT pg_sleep(60), '{secrets.token_hex(8)}';\n-- Rollback:\n-- SELECT 1;\n"
    )
    process = subprocess.Popen(
        (*KOONJ, "rehearse", "--all", "--json"),
        cwd=project.root,
        stdout=subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    while json.loads(process.stdout.readline())["event"] != "migration_rehearsal_started":
        pass
    left = scratch_of(process.pid)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert left.exists()
    end = time.monotonic() + 60
    while _servers(left) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _servers(left), "the watchdog has not stopped the server"
    (project.migrations / "001_sleep.sql").unlink()
    project.table(1)
    assert project.run("rehearse", "--all", "--again").code == 0
    assert not left.exists()


def test_idle_rehearsal_ends_with_its_parent(project: Project) -> None:
    project.write(
        "001_sleep.sql", f"SELECT pg_sleep(60), '{secrets.token_hex(8)}';\n-- Rollback:\n-- SELECT 1;\n"
    )
    parent = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"
    process = subprocess.Popen(
        (sys.executable, "-c", parent, *KOONJ, "rehearse", "--all", "--idle", "--json"),
        cwd=project.root,
        stdout=subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    scratch = scratch_of(int(process.stdout.readline()))
    time.sleep(0.5)
    process.kill()
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 60
    while scratch.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not scratch.exists()


def _servers(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            found.append(command.decode())
    return found


def test_all_works_without_koonj_toml(files: Project) -> None:
    (files.root / "koonj.toml").unlink()
    files.table(1)
    assert files.koonj("rehearse", "--all").code == 0
    assert files.koonj("rehearse", "1").code == 0
    assert files.koonj("rehearse").code == 2


def test_migration_can_name_its_database(project: Project) -> None:
    project.dsn = "host=/nowhere dbname=ragqa"
    project.configure()
    project.write(
        "001_a.sql",
        """
        BEGIN;
        GRANT CONNECT ON DATABASE ragqa TO PUBLIC;
        COMMENT ON DATABASE ragqa IS 'ours';
        CREATE TABLE a (id int);
        COMMIT;

        -- Rollback:
        -- BEGIN;
        -- DROP TABLE a;
        -- COMMENT ON DATABASE ragqa IS NULL;
        -- COMMIT;
        """,
    )
    answer = project.koonj("rehearse", "--all")
    assert answer.code == 0, answer.out


@pytest.mark.parametrize("argv", [("drift",), ("rehearse", "--like", "local")])
def test_locked_target_fails_after_lock_timeout(project: Project, argv: tuple[str, ...]) -> None:
    project.configure(lock_timeout='"100ms"')
    project.table(1)
    project.koonj("apply", "--yes")
    project.sql("CREATE VIEW seen AS SELECT id FROM t1")
    with psycopg.connect(project.dsn) as other:
        other.execute("LOCK TABLE t1")
        answer = project.koonj(*argv)
    assert answer.code == 1
    assert "another session has locked a table for longer than 100ms" in answer.err
