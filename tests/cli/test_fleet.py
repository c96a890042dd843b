"""koonj apply --all-targets and --targets: several databases in waves, each named, nothing done twice."""

from __future__ import annotations

import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial

import psycopg
import pytest
from psycopg import sql

from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.command import KOONJ, CommandResult, Project, Terminal
from support.databases import Databases, without_password

NOWHERE = "host=127.0.0.1 port=1 user=nobody dbname=none connect_timeout=2"
PROTECTED = 'protected = true\npolicy = { require = "off" }'


@pytest.fixture
def fifty(files: Project, server: TemporaryServer) -> Iterator[Databases]:
    """Fifty targets: 49 copies of a database with migration 1, and t30 with another text of it."""
    mark = secrets.token_hex(4)
    names = [f"t{number:02d}" for number in range(1, 51)]
    made = Databases(files, {name: without_password(server.dsn(f"{name}_{mark}")) for name in names})
    made.dsns["template"] = without_password(server.dsn(f"template_{mark}"))
    made.configure()
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        for name in ("t30", "template"):
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"{name}_{mark}")))
        files.write("001_make_t1.sql", "BEGIN;\nCREATE TABLE t1 (id int);\nCOMMIT;\n")
        assert made.apply("--yes", "--target", "t30").code == 0
        files.table(1)
        assert made.apply("--yes", "--target", "template").code == 0
        quick = "STRATEGY FILE_COPY" if server.binaries.major >= 15 else ""
        copy = sql.SQL(f"CREATE DATABASE {{}} TEMPLATE {{}} {quick}")
        for name in names:
            if name != "t30":
                databases = map(sql.Identifier, (f"{name}_{mark}", f"template_{mark}"))
                conn.execute(copy.format(*databases))
        del made.dsns["template"]
        yield made


@pytest.mark.slow
def test_fifty_databases_each_named_and_nothing_done_twice(fifty: Databases) -> None:
    project, names = fifty.project, list(fifty.dsns)
    second, third = project.table(2), project.table(3)
    reachable, fifty.dsns["t10"] = fifty.dsns["t10"], NOWHERE
    fifty.configure()
    fifty.sql("t25", "CREATE TABLE t3 (id int)")  # so that migration 3 fails
    assert fifty.apply("2", "--yes", "--target", "t40").code == 0

    refused = fifty.apply("--all-targets", "--yes")  # two are not ready: nothing runs
    assert refused.code == 1
    assert "50 targets: 48 to apply, 2 not ready" in refused.out
    assert "\n47 targets: 002, 003\n" in refused.out
    assert "\n1 target: 003\n  t40\n" in refused.out
    assert "not ready: ? t10  unreachable" in refused.out
    assert re.search(r"not ready: \S t30  edited", refused.out)
    assert "001_make_t1.sql was changed after it was applied" in refused.err
    assert "--max-failures 3" in refused.err
    assert fifty.applied("t01") == ["001_make_t1.sql"]

    stopped = fifty.apply("--all-targets", "--yes", "--max-failures", "3", "--wave", "1,5,rest")
    assert stopped.code == 1
    rows = {
        row[1]: row[2:] for row in map(str.split, stopped.out.splitlines()) if row[1:2] and row[1] in names
    }
    assert list(rows) == names
    assert rows["t25"][:4] == ["failed", "1", "of", "2"]
    assert rows["t25"][-1] == third
    assert rows["t10"] == ["unreachable"]
    assert rows["t30"] == ["edited"]
    assert rows["t01"][:4] == ["applied", "2", "of", "2"]
    for name in set(names) - {"t10", "t25", "t30", "t40"}:  # how many have begun before t25 failed depends
        done = [second, third] if rows[name][0] == "applied" else []
        assert fifty.applied(name) == ["001_make_t1.sql", *done], rows[name]
        assert done or rows[name] == ["not", "started", "0", "of", "2"]
    assert "koonj: error: t25: apply of 003_make_t3.sql failed at statement 1 of 1" in stopped.err
    assert fifty.applied("t25") == ["001_make_t1.sql", second]

    fifty.sql("t25", "DROP TABLE t3")
    fifty.dsns["t10"] = reachable
    fifty.configure()
    decided = ("--allow", "edited", "--reason", "only a comment")
    assert fifty.apply("--all", "--yes", "--target", "t30", *decided).code == 0

    mended = fifty.apply("--all-targets", "--yes")
    assert mended.code == 0, mended.err
    assert "All 50 targets are up to date." in mended.out
    for name in names:
        assert fifty.applied(name) == ["001_make_t1.sql", second, third], name
    assert fifty.apply("--all-targets").code == 0  # nothing to confirm


def failing_on(made: Databases, *targets: str) -> str:
    """Write a migration that fails on these targets; return its name."""
    name = made.project.table(9)
    for target in targets:
        made.sql(target, "CREATE TABLE t9 (id int)")
    return name


def outcomes(result: CommandResult) -> dict[str, str]:
    """Return the outcomes of the last event."""
    last = result.events[-1]
    assert last["event"] == "fleet_finished"
    return {one["target"]: one["outcome"] for one in last["targets"]}


def test_a_failure_stops_before_the_next_target(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b", "c", "d")
    failing_on(made, "b")
    done = made.apply("--all-targets", "--yes", "--json", "--at-once", "1")
    assert done.code == 1
    assert outcomes(done) == {"a": "applied", "b": "failed", "c": "not_started", "d": "not_started"}
    assert made.applied("c") == []


def test_more_failures_can_be_allowed(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b", "c", "d", "e")
    failing_on(made, "b", "d")
    argv = ("--all-targets", "--yes", "--json", "--at-once", "1")
    done = made.apply(*argv, "--max-failures", "2", "--wave", "1,1,2,rest")
    waves = [event["targets"] for event in done.events if event["event"] == "wave_started"]
    assert waves == [["a"], ["b"], ["c", "d"]]
    assert outcomes(done) == {
        "a": "applied",
        "b": "failed",
        "c": "applied",
        "d": "failed",
        "e": "not_started",
    }
    assert done.code == 1
    made.sql("b", "DROP TABLE t9")
    done = made.apply(*argv, "--max-failures", "3")
    expected = {"a": "up_to_date", "b": "applied", "c": "up_to_date", "d": "failed", "e": "applied"}
    assert outcomes(done) == expected


def test_a_failure_of_the_canary_stops_always(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b", "c")
    failing_on(made, "a")
    done = made.apply("--all-targets", "--yes", "--json", "--max-failures", "3")
    assert outcomes(done) == {"a": "failed", "b": "not_started", "c": "not_started"}
    waves = [event["targets"] for event in done.events if event["event"] == "wave_started"]
    assert waves == [["a"]]


def test_waves_are_of_these_sizes_and_have_no_target_twice(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b", "c", "d", "e")
    made.project.table(1)
    assert made.apply("--yes", "--target", "b").code == 0
    done = made.apply("--all-targets", "--yes", "--json", "--wave", "1,2")
    started = [event for event in done.events if event["event"] == "wave_started"]
    assert [event["targets"] for event in started] == [["a"], ["c", "d"], ["e"]]
    assert [(event["number"], event["of"]) for event in started] == [(1, 3), (2, 3), (3, 3)]
    order = [event["result"]["target"] for event in done.events if event["event"] == "target_finished"]
    assert order[0] == "a"
    assert order[-1] == "e"


def test_names_choose_targets_in_the_order_of_the_patterns(databases: Callable[..., Databases]) -> None:
    made = databases("other", "tenant1", "tenant2", "canary")
    made.project.table(1)
    done = made.apply("--targets", "can*,tenant?,*2", "--yes", "--json")
    assert list(outcomes(done)) == ["canary", "tenant1", "tenant2"]
    assert made.applied("other") == []
    unknown = made.apply("--targets", "tenant*,nobody", "--yes")
    assert unknown.code == 2
    assert "--targets nobody: no target of koonj.toml has such a name." in unknown.err


def test_all_pending_migrations_run_or_those_up_to_a_number(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b")
    first, second = made.project.table(1), made.project.table(2)
    assert made.apply("1", "--all-targets", "--yes").code == 0
    assert made.applied("b") == [first]
    assert made.apply("--all-targets", "--yes").code == 0
    assert made.applied("b") == [first, second]


def test_a_plan_changes_nothing_and_groups_targets_that_are_alike(
    databases: Callable[..., Databases],
) -> None:
    made = databases("a", "b", "c")
    made.project.table(1)
    assert made.apply("--yes", "--target", "b").code == 0
    made.project.table(2)
    planned = made.apply("--all-targets", "--plan", "--json")
    assert planned.code == 0
    (event,) = (event for event in planned.events if event["event"] == "fleet_planned")
    assert [group["targets"] for group in event["groups"]] == [["a", "c"], ["b"]]
    assert [group["migrations"] for group in event["groups"]] == [
        ["001_make_t1.sql", "002_make_t2.sql"],
        ["002_make_t2.sql"],
    ]
    assert planned.events[-1]["message"] == "Plan only. Nothing was changed."
    assert made.applied("a") == []


def test_a_plan_with_a_target_that_is_not_ready_has_its_exit_code(
    databases: Callable[..., Databases],
) -> None:
    made = databases("a", "b")
    made.project.table(1)
    assert made.apply("--all-targets", "--yes").code == 0
    made.project.write("001_make_t1.sql", "BEGIN;\nCREATE TABLE t1 (id bigint);\nCOMMIT;\n")
    made.project.table(2)
    for option in ("--plan", "--yes"):
        assert made.apply("--all-targets", option).code == 4
    made.dsns["c"] = NOWHERE
    made.configure()
    assert made.apply("--all-targets", "--plan").code == 1  # what cannot be read counts more


def test_a_protected_target_wants_its_own_name(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b", "c")
    made.configure(b=PROTECTED, c=PROTECTED)
    made.project.table(1)
    refused = made.apply("--all-targets", "--yes", "--confirm", "b")
    assert refused.code == 2
    assert "To confirm without a prompt, add --confirm c\n" in refused.err
    assert made.applied("a") == made.applied("b") == []
    refused = made.apply("--all-targets", "--confirm", "b", "--confirm", "c")
    assert refused.code == 2
    assert "add --yes\n" in refused.err
    wrong = made.apply("--all-targets", "--yes", "--confirm", "d")
    assert wrong.code == 2
    assert "--confirm d does not match the name of a chosen target" in wrong.err
    assert made.apply("--all-targets", "--yes", "--confirm", "b", "--confirm", "c").code == 0
    assert made.applied("c") == ["001_make_t1.sql"]
    assert made.apply("--all-targets").code == 0  # nothing to apply, so nothing to confirm


def test_a_terminal_asks_once_and_for_each_protected_name(
    databases: Callable[..., Databases], home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    made = databases("a", "b", "c")
    made.configure(c=PROTECTED)
    made.project.table(1)
    terminal = Terminal(made.project, "apply", "--all-targets")
    try:
        terminal.expect(r"Apply to 3 targets\? Type yes to continue: ")
        terminal.type("yes\n")
        terminal.expect(r"c is protected\. Type its name to confirm\. ")
        terminal.type("wrong\n")
        assert terminal.close() == 1
        assert "Nothing was changed." in terminal.text
    finally:
        terminal.kill()
    assert made.applied("a") == []


def test_ctrl_c_cancels_what_runs_and_starts_no_other(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b", "c")
    name = made.project.table(1)
    slow = made.project.write("002_slow.sql", "BEGIN;\nSELECT pg_sleep(600);\nCOMMIT;\n").name
    argv = (
        *KOONJ,
        "apply",
        "--all-targets",
        "--yes",
        "--wave",
        "rest",
        "--at-once",
        "2",
        "--max-failures",
        "9",
    )
    with subprocess.Popen(
        argv,
        cwd=made.project.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            asleep = (
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query ~ '^SELECT pg_sleep' AND state = 'active'"
            )
            end = time.monotonic() + 60
            while not all(made.sql(target, asleep) == [(1,)] for target in ("a", "b")):
                assert time.monotonic() < end
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 6
    assert "running now: a, b. No other target starts: 1 target left." in err
    assert re.search(rf"a +cancelled +1 of 2 .*{slow}", out)
    assert re.search(r"c +not started +0 of 2", out)
    assert made.applied("a") == made.applied("b") == [name]
    assert made.applied("c") == []


def test_ctrl_c_while_targets_are_planned_changes_nothing(databases: Callable[..., Databases]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and says nothing
        silent.settimeout(60)
        port = silent.getsockname()[1]
        made = databases("a", b=f"host=127.0.0.1 port={port} user=x dbname=x sslmode=disable")
        made.project.table(1)
        with subprocess.Popen(
            (*KOONJ, "apply", "--all-targets", "--yes"),
            cwd=made.project.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                with silent.accept()[0]:
                    process.send_signal(signal.SIGINT)
                    err = process.communicate(timeout=60)[1]
            finally:
                process.kill()
    assert process.returncode == 6
    assert "Cancelled. Nothing was changed." in err
    assert made.applied("a") == []


def test_every_event_has_its_target(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b")
    made.project.table(1)
    events = made.apply("--all-targets", "--yes", "--json").events
    own = {"fleet_planned", "wave_started", "target_finished", "fleet_finished"}
    for target in ("a", "b"):
        kinds = [event["event"] for event in events if event.get("target") == target]
        assert kinds[0] == "run_started"
        assert kinds[-1] == "run_finished"
        assert "migration_finished" in kinds
    assert {event["event"] for event in events if "target" not in event} == own
    runs = {one["target"]: one["run_id"] for one in events[-1]["targets"]}
    for target, run_id in runs.items():
        assert made.sql(target, "SELECT DISTINCT run_id::text FROM koonj.history") == [(run_id,)]


def test_no_yes_is_needed_if_every_target_was_confirmed(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b")
    made.configure(a=PROTECTED, b=PROTECTED)
    made.project.table(1)
    done = made.apply("--all-targets", "--confirm", "a", "--confirm", "b")
    assert done.code == 0, done.err


def test_a_target_that_is_not_ready_is_a_failure_from_the_start(databases: Callable[..., Databases]) -> None:
    made = databases("a", b=NOWHERE, c=NOWHERE)
    made.project.table(1)
    for most in ("1", "2"):
        refused = made.apply("--all-targets", "--yes", "--json", "--max-failures", most)
        assert refused.code == 1
        assert outcomes(refused) == {"a": "planned", "b": "unreachable", "c": "unreachable"}
        assert made.applied("a") == []
    assert (
        "To go on with the 1 other target, and to stop when one of these fails: --max-failures 3"
        in refused.err
    )
    done = made.apply("--all-targets", "--yes", "--json", "--max-failures", "3")
    assert done.code == 1
    assert outcomes(done) == {"a": "applied", "b": "unreachable", "c": "unreachable"}
    none = made.apply("--targets", "b", "--yes", "--max-failures", "9")
    assert none.code == 1
    assert "Refused: 1 of 1 target is not ready. Nothing was changed.\n" in none.err


def test_rollback_sets_all_targets_back_to_a_number(databases: Callable[..., Databases]) -> None:
    made = databases("a", "b", "c", "d")
    _, second, third = (made.project.table(number) for number in (1, 2, 3))
    back = "-- Rollback:\n-- BEGIN;\n-- DROP TABLE t3, other;\n-- COMMIT;\n"
    made.project.write(third, f"BEGIN;\nCREATE TABLE t3 (id int);\nCOMMIT;\n\n{back}")
    for target, number in (("a", "3"), ("b", "3"), ("c", "2"), ("d", "1")):
        assert made.apply(number, "--yes", "--target", target).code == 0
    rollback = partial(made.project.koonj, "rollback")
    which = rollback("--all-targets", "--yes")
    assert which.code == 2
    assert "koonj rollback --all-targets requires N or --all." in which.err
    planned = rollback("1", "--all-targets", "--plan", "--json")
    (event,) = (event for event in planned.events if event["event"] == "fleet_planned")
    assert event["direction"] == "rollback"
    assert [group["migrations"] for group in event["groups"]] == [[third, second], [second]]
    assert outcomes(planned) == {"a": "planned", "b": "planned", "c": "planned", "d": "nothing"}
    assert made.sql("a", "SELECT to_regclass('t3') IS NULL") == [(False,)]

    failed = rollback("1", "--all-targets", "--yes")
    assert failed.code == 1
    assert "4 targets: 3 to roll back, 1 nothing to do" in failed.out
    assert "\n1 target with nothing to roll back: d\n" in failed.out
    assert re.search(r"\n  target +result +rolled back +took\n", failed.out)
    assert re.search(rf"a +failed +0 of 2 .*{third}", failed.out)
    for target in "ab":
        made.sql(target, "CREATE TABLE other (id int)")
    done = rollback("1", "--all-targets", "--yes")
    assert done.code == 0, done.err
    assert re.search(r"\S a +rolled back +2 of 2 ", done.out)
    assert re.search(r"\S d +nothing to do\n", done.out)
    assert done.out.endswith("Rolled back 5 migrations on 3 targets. All 4 targets are done.\n")
    for target in "abcd":
        assert made.sql(target, "SELECT to_regclass('t1') IS NULL, to_regclass('t2') IS NULL") == [
            (False, True)
        ]
    nothing = rollback("1", "--all-targets")
    assert (nothing.code, nothing.out.splitlines()[-1]) == (0, "Nothing to roll back on any target.")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--all-targets", "--target", "a"), "Use either --all-targets or --target, not both."),
        (("--targets", "a", "--dsn", "host=x"), "Use either --targets or --dsn, not both."),
        (("--all-targets", "--probe"), "--probe cannot be used with --all-targets."),
        (("--wave", "1"), "--wave requires --all-targets or --targets."),
        (("--max-failures", "2"), "--max-failures requires --all-targets or --targets."),
        (("--confirm", "a", "--confirm", "b"), "Use --confirm once."),
        (("--all-targets", "--wave", "1,x"), "is not a list of numbers such as 1,5,rest"),
        (("--all-targets", "--wave", "0"), "is not a list of numbers such as 1,5,rest"),
        (("--all-targets", "--at-once", "0"), "is not a whole number above 0"),
        (("--targets", "a,"), "has an empty name"),
    ],
)
def test_options_that_do_not_fit(files: Project, argv: tuple[str, ...], message: str) -> None:
    result = files.koonj("apply", *argv)
    assert result.code == 2
    assert message in result.err


def test_a_target_of_the_environment_is_no_target_of_a_fleet(
    files: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files.root / "koonj.toml").write_text('migrations = "migrations"\n')
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    result = files.koonj("apply", "--all-targets", "--yes")
    assert result.code == 2
    assert "koonj.toml declares no target." in result.err


@pytest.mark.slow
def test_a_migration_is_rehearsed_once_and_sizes_make_no_group(
    databases: Callable[..., Databases], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOONJ_REHEARSE", "1")
    made = databases("a", "b", "c", "d")
    made.project.write("001_t.sql", "BEGIN;\nCREATE TABLE t (id int, note text);\nCOMMIT;\n")
    assert made.apply("--all-targets", "--yes").code == 0
    made.project.write("002_strict.sql", "BEGIN;\nALTER TABLE t ALTER id SET NOT NULL;\nCOMMIT;\n")
    made.sql("b", "INSERT INTO t SELECT g, repeat('x', 900) FROM generate_series(1, 900) AS g; ANALYZE t")
    made.sql("d", "INSERT INTO t VALUES (NULL)")
    planned = made.apply("--all-targets", "--plan", "--json")
    assert planned.code == 0, planned.err
    rehearsed = [event["name"] for event in planned.events if event["event"] == "migration_rehearsal_started"]
    assert rehearsed == ["002_strict.sql"]
    (event,) = (event for event in planned.events if event["event"] == "fleet_planned")
    groups = [(group["targets"], group["shown"]) for group in event["groups"]]
    assert groups == [(["a", "b", "c"], "b"), (["d"], "d")]  # the rows of d refuse it
    text = made.apply("--all-targets", "--plan").out
    assert "  sizes: those of b, which has the largest tables" in text
