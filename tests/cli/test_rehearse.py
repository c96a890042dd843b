"""koonj rehearse, and what a target's policy makes of its verdicts: words, exit codes, and what it leaves."""

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
    """The folder of the scratch server that a process runs."""
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
    raise AssertionError(f"{pid} runs no scratch server")


def test_all_verified(project: Project) -> None:
    project.table(1)
    answer = project.koonj("rehearse")
    assert answer.code == 0, answer.err
    first, verdict, last = answer.out.splitlines()
    assert first.startswith("rehearsing 1 migration on PostgreSQL ")
    assert verdict.startswith("◉ verified      001_make_t1.sql  ")
    assert last == "1 migration rehearsed, all verified."


def test_not_verified(project: Project) -> None:
    project.table(1)
    project.write("002_wrong.sql", WRONG)
    answer = project.koonj("rehearse")
    assert answer.code == 7
    assert "◔ incomplete    002_wrong.sql" in answer.out
    assert "index public.t1_id2 is not removed" in answer.out
    assert "+ CREATE INDEX t1_id2 ON public.t1 USING btree (id)" in answer.out
    assert answer.out.endswith("2 migrations rehearsed, 1 verified.\n")


def test_only_what_is_pending_or_what_is_named(project: Project) -> None:
    project.table(1)
    project.koonj("apply", "--yes")
    project.table(2)
    assert "001" not in project.koonj("rehearse").out
    assert "001_make_t1.sql" in project.koonj("rehearse", "1").out
    assert "2 migrations rehearsed" in project.koonj("rehearse", "--all").out


def test_no_target_is_needed_for_all(files: Project) -> None:
    files.table(1)
    assert files.koonj("rehearse", "--all").code == 0
    assert files.koonj("rehearse", "1").code == 0
    without = files.koonj("rehearse")
    assert without.code == 1
    assert "koonj rehearse --all" in without.err


def test_a_verdict_can_be_allowed(files: Project) -> None:
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


def test_a_loss_beneath_another_order_is_allowed_by_its_own_name(files: Project) -> None:
    files.write(
        "001_a.sql", "BEGIN;\nCREATE TABLE a (b int, id int);\nCOMMIT;\n-- Rollback: none: the first one\n"
    )
    files.write(
        "002_b.sql",
        "BEGIN;\nALTER TABLE a DROP b;\nCOMMIT;\n-- Rollback:\n-- BEGIN;\n-- ALTER TABLE a ADD b int;\n-- COMMIT;\n",
    )
    assert files.koonj("rehearse", "2", "--allow", "reordered").code == 7
    assert files.koonj("rehearse", "2", "--allow", "reordered", "--allow", "lossy").code == 0


def test_json(project: Project) -> None:
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
    ("argv", "code", "said"),
    [
        (("--all", "1"), 2, "--all is every migration"),
        (("9",), 2, "There is no migration 9"),
        (("--like", "locl"), 2, "Did you mean 'local'?"),
        (("--pg", "9"), 1, "No PostgreSQL 9 server binaries were found"),
    ],
)
def test_mistakes(project: Project, argv: tuple[str, ...], code: int, said: str) -> None:
    project.table(1)
    answer = project.koonj("rehearse", *argv)
    assert answer.code == code
    assert said in answer.err


def test_like_a_target(project: Project) -> None:
    project.table(1)
    project.koonj("apply", "--yes")
    project.sql("CREATE INDEX drifted ON t1 (id)")
    project.write("002_a.sql", WRONG.replace("t1_id2", "drifted"))
    alone = project.koonj("rehearse", "2")
    assert "index public.drifted is not removed" in alone.out
    like = project.koonj("rehearse", "--like", "local")
    assert like.code == 7
    assert "from the schema of local" in like.out
    assert 'relation "drifted" already exists' in like.out
    applied = project.koonj("rehearse", "1", "--like", "local")
    assert applied.code == 1
    assert "is applied on local" in applied.err


def test_a_protected_target_requires_verified(project: Project) -> None:
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


def test_a_policy_can_be_off(project: Project) -> None:
    project.configure(protected="true", policy='{ require = "off" }')
    project.table(1)
    project.write("002_wrong.sql", WRONG)
    assert project.koonj("apply", "--all", "--confirm", "local").code == 0


def test_a_plan_that_is_read_tells_its_locks(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOONJ_REHEARSE", "1")
    project.table(1)
    project.koonj("apply", "--yes")
    project.sql("INSERT INTO t1 SELECT generate_series(1, 5000); ANALYZE t1")
    project.write("002_wrong.sql", WRONG)
    plan = project.koonj("apply", "--plan")
    assert "rehearsal: incomplete (" in plan.out
    assert "SHARE on t1 (" in plan.out
    assert "writes wait" in plan.out


def watched(project: Project, *argv: str, **environ: str) -> str:
    """What the log of a server says that is the project's target, while koonj does something else."""
    with TemporaryServer(settings={"log_connections": "on", "log_statement": "all"}) as target:
        project.dsn = target.dsn()
        project.configure()
        log = target.folder / "log"
        begun = log.stat().st_size
        answer = project.run(
            *argv, **{name: value.format(host=target.folder) for name, value in environ.items()}
        )
        assert answer.code == 0, answer.err
        return log.read_bytes()[begun:].decode()


def test_nothing_reaches_the_target(project: Project) -> None:
    table = f"t{secrets.token_hex(8)}"
    project.write(
        "001_a.sql",
        f"BEGIN;\nCREATE TABLE {table} (id int);\nCOMMIT;\n-- Rollback:\n-- BEGIN;\n-- DROP TABLE {table};\n-- COMMIT;\n",
    )
    said = watched(
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
    assert "connection" not in said
    assert "statement" not in said


def test_ctrl_c(project: Project, terminal: Callable[..., Terminal]) -> None:
    project.write(
        "001_sleep.sql", f"SELECT pg_sleep(60), '{secrets.token_hex(8)}';\n-- Rollback:\n-- SELECT 1;\n"
    )
    person = terminal("rehearse", "--all")
    person.expect("rehearsing 1 migration")
    scratch = scratch_of(person.process.pid)
    time.sleep(0.3)
    person.type("\x03")
    person.expect("Cancelled. The scratch is removed.")
    assert person.close() == 6
    assert not scratch.exists()


def test_a_kill_leaves_nothing_after_the_next_start(project: Project) -> None:
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
    assert not _servers(left), "the watchdog has ended the server"
    (project.migrations / "001_sleep.sql").unlink()
    project.table(1)
    assert project.run("rehearse", "--all", "--again").code == 0
    assert not left.exists()


def test_an_idle_one_ends_with_its_caller(project: Project) -> None:
    project.write(
        "001_sleep.sql", f"SELECT pg_sleep(60), '{secrets.token_hex(8)}';\n-- Rollback:\n-- SELECT 1;\n"
    )
    caller = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"
    process = subprocess.Popen(
        (sys.executable, "-c", caller, *KOONJ, "rehearse", "--all", "--idle", "--json"),
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


def test_no_koonj_toml_and_no_target(files: Project) -> None:
    (files.root / "koonj.toml").unlink()
    files.table(1)
    assert files.koonj("rehearse", "--all").code == 0
    assert files.koonj("rehearse", "1").code == 0
    assert files.koonj("rehearse").code == 2


def test_files_can_name_their_database(project: Project) -> None:
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
def test_a_locked_target_is_not_waited_for_without_end(project: Project, argv: tuple[str, ...]) -> None:
    project.configure(lock_timeout='"100ms"')
    project.table(1)
    project.koonj("apply", "--yes")
    project.sql("CREATE VIEW seen AS SELECT id FROM t1")
    with psycopg.connect(project.dsn) as other:
        other.execute("LOCK TABLE t1")
        answer = project.koonj(*argv)
    assert answer.code == 1
    assert "another session has locked a table for longer than 100ms" in answer.err
