"""Why a command is not available: asked with a `Situation`, without screen, terminal or database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from koonj.config import Settings, Target, Trust
from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import MigrationStarted
from koonj.runner.target.status import TargetStatus
from koonj.tui.commands.availability import hints
from koonj.tui.commands.command import Command, Situation, named
from koonj.tui.commands.keymap import Keymap
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.state.run import RunView
from koonj.tui.state.run_events import fold
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.widgets.preview import Tab

ROOT = Path("project")
LOCAL = Target("local", "host=localhost")
SETTINGS = Settings(ROOT, ROOT / "migrations", ROOT / "patterns", (LOCAL,), LOCAL, trust=Trust(given=True))
USERS = Migration.from_recorded("001_create_users.sql", "CREATE TABLE users ();")
WITH_FILE = Row(USERS.number, USERS.name, State.PENDING, USERS, None)
WITHOUT_FILE = Row(2, "002_gone.sql", State.MISSING, None, None)
NOT_ANSWERED = Situation(Snapshot.initial(SETTINGS))


def answered(state: State | None = None, **status: Any) -> Situation:
    """Return a situation in which the target answered, with one migration in `state` or with none."""
    applied = state in {State.APPLIED, State.EDITED}
    migrations = (
        () if state is None else (MigrationStatus(1, USERS.name, state, USERS, None, applied, allowed=False),)
    )
    answer = TargetStatus(
        "local", "host=localhost", protected=False, server=None, migrations=migrations, **status
    )
    return Situation(NOT_ANSWERED.snapshot.with_check("local", answer, None))


def why_not(name: str, now: Situation) -> str | None:
    command: Command[Any] = named(MAIN, name)
    return command.why_not(now)


# Commands that change the target


@pytest.mark.parametrize("command", ["apply-next", "apply-all", "roll-back-last"])
def test_change_requires_an_answer_of_the_target(command: str) -> None:
    assert why_not(command, NOT_ANSWERED) == "local has not responded yet."


@pytest.mark.parametrize("command", ["apply-next", "apply-all", "roll-back-last"])
def test_change_requires_a_reachable_target(command: str) -> None:
    now = answered(error="connection refused")
    assert why_not(command, now) == "local cannot be reached: connection refused (press R to retry)"


@pytest.mark.parametrize("command", ["apply-next", "apply-all", "roll-back-last"])
def test_change_is_not_available_during_a_run(command: str) -> None:
    now = replace(answered(State.PENDING), running=True)
    assert why_not(command, now) == "A run is in progress. Wait for it, or press c to cancel it."


@pytest.mark.parametrize("command", ["apply-next", "apply-all", "roll-back-last"])
def test_change_requires_a_readable_folder(command: str) -> None:
    now = answered(State.PENDING)
    now = replace(now, snapshot=replace(now.snapshot, folder_error="There is no folder project/migrations."))
    assert why_not(command, now) == "There is no folder project/migrations."


def test_apply_requires_a_pending_migration() -> None:
    assert why_not("apply-next", answered(State.PENDING)) is None
    assert why_not("apply-next", answered(State.APPLIED)) == "Nothing is pending on local."


def test_rollback_requires_an_applied_migration() -> None:
    assert why_not("roll-back-last", answered(State.APPLIED)) is None
    assert why_not("roll-back-last", answered(State.PENDING)) == "Nothing is applied on local."


@pytest.mark.parametrize("state", [State.FAILED, State.INTERRUPTED])
def test_partly_committed_migration_can_be_rolled_back(state: State) -> None:
    assert why_not("roll-back-last", answered(state)) is None


@pytest.mark.parametrize("state", [State.INTERRUPTED, State.RUNNING])
def test_interrupted_migration_can_be_settled(state: State) -> None:
    now = replace(answered(state), selected=WITH_FILE._replace(state=state))
    assert why_not("settle", now) is None
    assert why_not("settle", replace(now, running=True)) == (
        "A run is in progress. Wait for it, or press c to cancel it."
    )
    assert why_not("settle", replace(NOT_ANSWERED, selected=now.selected)) == "local has not responded yet."


def test_other_migrations_have_nothing_to_settle() -> None:
    now = answered(State.PENDING)
    assert why_not("settle", now) == "No migration is selected."
    assert why_not("settle", replace(now, selected=WITH_FILE)) == (
        "001_create_users.sql is pending: there is nothing to settle."
    )


def test_cancel_requires_a_run_or_a_requested_rehearsal() -> None:
    assert why_not("cancel", NOT_ANSWERED) == "Nothing is running. To quit koonj, press q."
    assert why_not("cancel", replace(NOT_ANSWERED, running=True)) is None
    assert why_not("cancel", replace(NOT_ANSWERED, rehearsing=USERS.name)) is None


def test_reason_names_the_key_of_the_user() -> None:
    keymap = Keymap(changed={"quit": ("f10",)}, replacements={"q": "F10"})
    now = replace(NOT_ANSWERED, keymap=keymap)
    assert why_not("cancel", now) == "Nothing is running. To quit koonj, press F10."


# Commands about one migration


@pytest.mark.parametrize("command", ["edit-external", "edit", "rehearse"])
def test_command_requires_a_selected_migration(command: str) -> None:
    assert why_not(command, NOT_ANSWERED) == "No migration is selected."


@pytest.mark.parametrize("command", ["edit-external", "edit", "rehearse"])
def test_command_requires_the_file_of_the_migration(command: str) -> None:
    assert why_not(command, replace(NOT_ANSWERED, selected=WITH_FILE)) is None
    reason = why_not(command, replace(NOT_ANSWERED, selected=WITHOUT_FILE))
    assert reason is not None
    assert reason.startswith("The file 002_gone.sql is missing")


@pytest.mark.parametrize("command", ["edit-external", "edit"])
def test_editor_is_not_available_during_a_run(command: str) -> None:
    now = replace(NOT_ANSWERED, selected=WITH_FILE, running=True)
    assert why_not(command, now) == "A run is in progress. The editor would hide it."


def test_rehearse_is_not_available_during_a_requested_rehearsal() -> None:
    now = replace(NOT_ANSWERED, selected=WITH_FILE, rehearsing="007_other.sql")
    assert why_not("rehearse", now) == "koonj is rehearsing 007_other.sql. To cancel that, press c."


def test_new_migration_requires_the_folder() -> None:
    assert why_not("new", NOT_ANSWERED) == "koonj has not read the migrations folder yet."
    read = NOT_ANSWERED.snapshot.with_folder(Folder(SETTINGS.migrations, (USERS,), 0, ()))
    assert why_not("new", replace(NOT_ANSWERED, snapshot=read)) is None


# Commands about the content of a pane


@pytest.mark.parametrize("tab", list(Tab))
def test_format_requires_a_tab_with_sql(tab: Tab) -> None:
    now = replace(NOT_ANSWERED, tab=tab, has_text=True)
    reason = None if tab in {Tab.BODY, Tab.ROLLBACK} else "Only the tabs Body and Rollback can be formatted."
    assert why_not("format", now) == reason


def test_format_requires_a_loaded_text() -> None:
    assert why_not("format", replace(NOT_ANSWERED, tab=Tab.BODY)) == "This tab has no text to format."


def test_copy_shows_the_reason_of_the_pane() -> None:
    assert why_not("copy", replace(NOT_ANSWERED, nothing_to_copy="Nothing has run yet.")) == (
        "Nothing has run yet."
    )
    assert why_not("copy", NOT_ANSWERED) is None


def test_copy_is_not_available_before_a_confirmation() -> None:
    waits = replace(NOT_ANSWERED, running=True, run=RunView("local", Direction.APPLY, 0.0))
    assert why_not("copy", waits) == "Not now: y is reserved for the confirmation that follows."
    started = MigrationStarted(
        USERS.name, Direction.APPLY, 1, 1, 1, in_transaction=True, at=datetime.fromtimestamp(1, UTC)
    )
    assert waits.run is not None
    assert why_not("copy", replace(waits, run=fold(waits.run, [started]))) is None


def test_theme_command_requires_colours() -> None:
    assert why_not("theme", NOT_ANSWERED) is None
    reason = why_not("theme", replace(NOT_ANSWERED, has_colours=False))
    assert reason == "NO_COLOR is set, so koonj uses no colours."


def test_suspend_is_not_available_during_a_run() -> None:
    assert why_not("suspend", NOT_ANSWERED) is None
    reason = why_not("suspend", replace(NOT_ANSWERED, running=True))
    assert reason == "A run is in progress. A suspended koonj would keep its locks."
    assert why_not("suspend", replace(NOT_ANSWERED, running=True, survives=True)) is None


# The footer


def test_footer_shows_commands_for_a_run_in_progress() -> None:
    shown = hints(replace(answered(State.PENDING), running=True))
    assert [(hint.key, hint.usable) for hint in shown] == [("c", True), (":", True), ("?", True), ("q", True)]


def footer(now: Situation) -> list[str]:
    return [hint.key for hint in hints(now)]


def selected(state: State) -> Situation:
    """Return a situation in which the migration with that state is selected."""
    now = answered(state)
    status = now.snapshot.check.status
    assert status is not None
    return replace(now, selected=Row(1, USERS.name, state, USERS, status.migrations[0]))


@pytest.mark.parametrize("pane", ["1", "2", "3", "4"])
@pytest.mark.parametrize("state", [None, State.PENDING, State.APPLIED, State.EDITED, State.LATE])
def test_footer_has_at_most_eight_keys_and_those_that_always_work(pane: str, state: State | None) -> None:
    keys = footer(replace(answered(state), pane=pane, selected=WITH_FILE))
    assert keys[-2:] == ["?", "q"]
    assert len(keys) <= 10


def test_footer_begins_with_what_the_state_allows() -> None:
    pending = replace(answered(State.PENDING), selected=WITH_FILE)
    assert footer(pending)[:4] == ["a", "A", "n", "i"]
    applied = selected(State.APPLIED)
    assert footer(applied)[:3] == ["r", "n", "i"]
    assert hints(applied)[0].usable


def test_footer_begins_with_what_only_the_selected_migration_needs() -> None:
    now = replace(answered(State.PENDING), selected=WITH_FILE)
    untrusted = replace(SETTINGS, trust=Trust(given=False))
    assert footer(replace(now, snapshot=replace(now.snapshot, settings=untrusted)))[0] == "u"


def test_footer_of_the_preview_begins_with_the_next_problem_if_there_is_one() -> None:
    now = replace(answered(State.PENDING), pane="2", selected=WITH_FILE)
    assert footer(now)[0] == "i"
    assert footer(replace(selected(State.FAILED), pane="2"))[0] == "F8"


def test_footer_keeps_its_order_until_the_target_has_responded() -> None:
    assert footer(NOT_ANSWERED)[:3] == ["a", "A", "r"]
    assert footer(answered(error="connection refused"))[:3] == ["a", "A", "r"]


# A folder of another migration tool


FILES_OF_TOOLS = {
    "dbmate": {"1_a.sql": "-- migrate:up\n-- migrate:down\n"},
    "diesel": {"1_a/up.sql": ""},
}
WHY_NOT_IN = {
    "dbmate": "koonj applies its migrations and rolls them back, and does nothing else with it.",
    "diesel": "koonj only reads it, because koonj has not been tried beside it yet.",
}


@pytest.mark.parametrize("tool", FILES_OF_TOOLS)
def test_a_folder_of_another_tool_refuses_every_change_and_nothing_else(tool: str, tmp_path: Path) -> None:
    for name, text in FILES_OF_TOOLS[tool].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    snapshot = answered(State.PENDING).snapshot.with_folder(FolderReader(tmp_path, tmp_path).read())
    now = Situation(snapshot, selected=snapshot.rows[0])
    refused = {c.name() for c in MAIN if (c.refusal(now) or "").endswith(f"). {WHY_NOT_IN[tool]}")}
    migrating = {command.name() for command in MAIN if command.only_runnable_folder}
    assert {"apply-next", "apply-all", "roll-back-last", "roll-back-all"} <= migrating
    assert refused == {c.name() for c in MAIN if c.only_own_folder} | (
        set() if tool == "dbmate" else migrating
    )
    assert {"settle", "edit", "new", "renumber"} <= refused
    assert not refused & {"rehearse", "drift", "refresh", "quit", "copy", "all-targets"}
