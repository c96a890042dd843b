"""An apply to several targets in a process of its own: it survives its terminal, and can be followed."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

from support import gate
from support.command import Terminal
from support.databases import Databases
from support.own_process import Runs, wait_until

Start = Callable[..., Terminal]
NAMES = ("001_make_t1.sql", "002_gate.sql")


@pytest.fixture
def gated(databases: Callable[..., Databases], runs: Runs) -> Databases:
    """Return three targets and two migrations. The second one waits on b and c until `open_gates`."""
    made = databases("a", "b", "c")
    made.project.table(1)
    second = f"BEGIN;\n{gate.wait_at()}\nCREATE TABLE t3 (id int);\nCOMMIT;\n"
    made.project.write(NAMES[1], f"BEGIN;\nCREATE TABLE t2 (id int);\nCOMMIT;\n{second}")
    for name in made.dsns:
        made.sql(name, gate.CLOSE)
    made.sql("a", gate.OPEN_ALL)
    made.configure(**dict.fromkeys(made.dsns, 'password = { command = "echo >> asked; echo secret" }'))
    return made


def open_gates(made: Databases) -> None:
    for name in made.dsns:
        made.sql(name, gate.OPEN_ALL)


def at_gate(made: Databases, *targets: str) -> bool:
    return all(made.sql(target, gate.AT_GATE) for target in targets)


def whole(runs: Runs) -> dict[str, Any]:
    """Return the run on all targets."""
    (found,) = [run for run in runs.listed() if run["targets"]]
    return found


def parts(runs: Runs) -> dict[str, Any]:
    """Return the result of the run on each target."""
    fleet = whole(runs)["run_id"]
    return {run["target"]: run["result"] for run in runs.listed() if run["fleet"] == fleet}


def must_be_applied_once(made: Databases) -> None:
    for target in made.dsns:
        assert made.applied(target) == list(NAMES)


def test_fleet_goes_on_without_its_terminal_and_attach_shows_its_table(
    gated: Databases, terminal: Start, runs: Runs
) -> None:
    user = terminal("apply", "--all-targets")
    user.expect(r"Apply to 3 targets\? Type yes to continue: ")
    assert runs.listed() == []  # nothing moves before the yes
    user.type("yes\n")
    user.expect("Wave 2 of 2: 2 targets")
    short = whole(runs)["run_id"][:8]
    assert f"Run {short} continues in its own process. To come back to it: koonj attach {short}" in user.text
    wait_until(lambda: at_gate(gated, "b", "c"))
    user.hang_up()
    assert user.process.wait(30) == 8

    run = whole(runs)
    assert (run["running"], run["target"], run["targets"], run["committed"], run["wanted"]) == (
        True,
        "",
        3,
        4,  # two on a, the first one on b and c
        6,
    )
    assert run["pid"] != user.process.pid
    assert parts(runs) == {"a": "done", "b": None, "c": None}
    listed = runs.project.koonj("runs").out  # its parts below it
    assert re.search(
        rf"^{short} .* apply on 3 targets: 4 of 6\n.*\n(  \w.*\n.*\n){{2}}  \w.* apply on a: 2 of 2\n", listed
    )

    again = terminal("attach")  # of all runs that are in progress, the whole one
    again.expect("Wave 2 of 2: 2 targets")
    assert "3 targets: 3 to apply" in again.text
    assert "\n3 targets: 001, 002\n  a, b, c\n" in again.text
    assert "\n  a: applied 2 of 2, " in again.text
    open_gates(gated)
    assert again.close() == 0
    assert len(re.findall(r"\n\S [abc] +applied +2 of 2 ", again.text)) == 3
    assert again.text.endswith("Applied 6 migrations on 3 targets. All 3 targets are up to date.\n")
    assert parts(runs) == {"a": "done", "b": "done", "c": "done"}
    must_be_applied_once(gated)
    assert (runs.project.root / "asked").read_text() == "\n"  # once for all targets, and both processes
    wait_until(lambda: not list(runs.folder.glob("*.err")))
    assert runs.project.koonj("attach", short).code == 0


def test_command_of_the_screen_asks_and_leaves_the_run_when_it_is_in_progress(
    databases: Callable[..., Databases], terminal: Start, runs: Runs
) -> None:
    """The screen follows the run (`--leave`). What asks is the command, with a name for a protected target."""
    made = databases("a", "b", "c")
    for number in (1, 2):
        made.project.table(number)
    made.configure(c='protected = true\npolicy = { require = "off" }')
    assert made.apply("--all-targets", "--yes", "--confirm", "c").code == 0
    declined = terminal("rollback", "1", "--targets", "*", "--leave")
    declined.expect(r"Roll back on 3 targets\? Type yes to continue: ")
    declined.type("\n")  # Enter is no yes
    assert (declined.close(), len(runs.listed())) == (1, 4)
    user = terminal("rollback", "1", "--targets", "*", "--leave")
    user.expect(r"Roll back on 3 targets\? Type yes to continue: ")
    user.type("yes\n")
    user.expect("c is protected. Type its name to confirm.")
    user.type("c\n")
    assert user.close() == 8
    assert "left running" in user.text
    assert runs.project.koonj("attach").out.endswith("All 3 targets are done.\n")


def test_attach_cancels_what_runs_and_nothing_else_starts(
    gated: Databases, terminal: Start, runs: Runs
) -> None:
    started = runs.project.run("apply", "--all-targets", "--yes", "--detach", "--at-once", "1")
    assert (started.code, started.err) == (0, "")
    assert whole(runs)["run_id"] == started.out.strip()
    user = terminal("attach", started.out[:8])
    wait_until(lambda: at_gate(gated, "b"))
    user.expect("Wave 2 of 2")
    user.type("\x03")
    user.expect("If you cancel the run:\n  running now: b. No other target starts: 1 target left.")
    user.expect("Type c to cancel it, l to leave it running, or press Enter to keep watching: ")
    user.type("c\n")
    assert user.close() == 6
    assert " cancels the run.\n" in user.text
    assert "1 of 3 targets is up to date; 1 cancelled, 1 not started. To continue, run the same" in user.text
    assert whole(runs)["result"] == "cancelled"
    assert gated.applied("a") == list(NAMES)
    assert gated.applied("b") == [NAMES[0]]
    assert gated.applied("c") == []
    shown = runs.project.koonj("attach", started.out[:8], "--json")
    assert shown.code == 6
    kinds = [event["event"] for event in shown.events]
    order = ["fleet_started", "fleet_planned", "run_moved", "wave_started", "cancel_asked", "fleet_finished"]
    assert [kind for kind in dict.fromkeys(kinds) if kind in order] == order
    assert {one["target"]: one["outcome"] for one in shown.events[-1]["targets"]} == {
        "a": "applied",
        "b": "cancelled",
        "c": "not_started",
    }


def test_killed_process_leaves_each_target_consistent_and_the_next_run_continues(
    gated: Databases, terminal: Start, runs: Runs
) -> None:
    user = terminal("apply", "--all-targets", "--yes", "--at-once", "1")
    wait_until(lambda: at_gate(gated, "b"))
    user.expect("Wave 2 of 2")
    pid = wait_until(lambda: whole(runs)["committed"] == 3 and whole(runs)["pid"])
    os.kill(pid, signal.SIGKILL)
    assert user.close() == 1
    assert f"(pid {pid}) ended without a result" in user.text
    assert "Running when it ended: b. Not started: c." in user.text
    assert "run: koonj status --all-targets\n" in user.text
    assert "To continue, run the same command again: it runs nothing twice." in user.text
    assert (whole(runs)["running"], whole(runs)["result"]) == (False, None)
    wait_until(lambda: not at_gate(gated, "b"))
    assert [gated.applied(name) for name in "abc"] == [list(NAMES), [NAMES[0]], []]
    assert gated.sql("b", "SELECT relname FROM pg_class WHERE relname ~ '^t.$' ORDER BY 1") == [
        ("t1",),
        ("t2",),
    ]
    open_gates(gated)
    again = terminal("apply", "--all-targets", "--yes")
    assert again.close() == 0
    assert "Applied 3 migrations on 2 targets. All 3 targets are up to date." in again.text
    must_be_applied_once(gated)
    assert gated.sql("b", "SELECT to_regclass('t3') IS NULL") == [(False,)]


def test_detached_fleet_must_be_confirmed_and_prints_only_its_id(
    databases: Callable[..., Databases], runs: Runs
) -> None:
    made = databases("a", "b")
    made.project.table(1)
    made.configure(b='protected = true\npolicy = { require = "off" }')
    refused = runs.project.run("apply", "--all-targets", "--detach", "--yes")
    assert (refused.code, refused.out) == (2, "")
    assert "add --confirm b" in refused.err
    assert runs.listed() == []
    assert runs.project.run("apply", "--all-targets", "--detach").code == 2
    done = runs.project.run("apply", "--all-targets", "--detach", "--yes", "--confirm", "b")
    assert (done.code, done.err, len(done.out)) == (0, "", 37)
    assert runs.project.run("attach").code == 0
    nothing = runs.project.run("apply", "--all-targets", "--detach", "--yes")
    assert (nothing.code, nothing.out) == (0, "")
    assert nothing.err == "koonj: Nothing to apply: no migration is pending on any target.\n"
