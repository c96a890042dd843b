"""Why a command cannot be used now: asked with a `Situation`, without a screen, a terminal or a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from koonj.config import Settings, Target
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.runner.run.events import Direction, MigrationStarted
from koonj.runner.target.status import TargetStatus
from koonj.tui.commands.availability import hints
from koonj.tui.commands.command import Command, Situation, named
from koonj.tui.commands.keymap import Keymap
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.state.run import RunView, fold
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.widgets.preview import Tab

ROOT = Path("project")
LOCAL = Target("local", "host=localhost")
SETTINGS = Settings(ROOT, ROOT / "migrations", ROOT / "patterns", (LOCAL,), LOCAL)
USERS = Migration.from_recorded("001_create_users.sql", "CREATE TABLE users ();")
WITH_FILE = Row(USERS.number, USERS.name, State.PENDING, USERS, None)
WITHOUT_FILE = Row(2, "002_gone.sql", State.MISSING, None, None)
NOT_ANSWERED = Situation(Snapshot.initial(SETTINGS))


def answered(state: State | None = None, **status: Any) -> Situation:
    """The target has answered, with one migration in `state` or with none."""
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
def test_a_change_needs_a_target_that_has_answered(command: str) -> None:
    assert why_not(command, NOT_ANSWERED) == "local has not responded yet."


@pytest.mark.parametrize("command", ["apply-next", "apply-all", "roll-back-last"])
def test_a_change_needs_a_target_that_can_be_reached(command: str) -> None:
    now = answered(error="connection refused")
    assert why_not(command, now) == "local cannot be reached: connection refused (press R to retry)"


@pytest.mark.parametrize("command", ["apply-next", "apply-all", "roll-back-last"])
def test_there_is_one_run_at_a_time(command: str) -> None:
    now = replace(answered(State.PENDING), running=True)
    assert why_not(command, now) == "A run is in progress. Wait for it, or press c to cancel it."


@pytest.mark.parametrize("command", ["apply-next", "apply-all", "roll-back-last"])
def test_a_change_needs_a_folder_that_can_be_read(command: str) -> None:
    now = answered(State.PENDING)
    now = replace(now, snapshot=replace(now.snapshot, folder_error="There is no folder project/migrations."))
    assert why_not(command, now) == "There is no folder project/migrations."


def test_an_apply_needs_something_pending() -> None:
    assert why_not("apply-next", answered(State.PENDING)) is None
    assert why_not("apply-next", answered(State.APPLIED)) == "Nothing is pending on local."


def test_a_rollback_needs_something_applied() -> None:
    assert why_not("roll-back-last", answered(State.APPLIED)) is None
    assert why_not("roll-back-last", answered(State.PENDING)) == "Nothing is applied on local."


@pytest.mark.parametrize("state", [State.FAILED, State.INTERRUPTED])
def test_what_stopped_half_way_can_be_rolled_back(state: State) -> None:
    assert why_not("roll-back-last", answered(state)) is None


def test_a_cancel_needs_a_run_or_a_rehearsal_that_somebody_waits_for() -> None:
    assert why_not("cancel", NOT_ANSWERED) == "Nothing is running. To quit koonj, press q."
    assert why_not("cancel", replace(NOT_ANSWERED, running=True)) is None
    assert why_not("cancel", replace(NOT_ANSWERED, rehearsing=USERS.name)) is None


def test_a_reason_names_the_key_that_the_person_has() -> None:
    keymap = Keymap(changed={"quit": ("f10",)}, replacements={"q": "F10"})
    now = replace(NOT_ANSWERED, keymap=keymap)
    assert why_not("cancel", now) == "Nothing is running. To quit koonj, press F10."


# Commands about one migration


@pytest.mark.parametrize("command", ["edit-external", "edit", "rehearse"])
def test_a_migration_must_be_selected(command: str) -> None:
    assert why_not(command, NOT_ANSWERED) == "No migration is selected."


@pytest.mark.parametrize("command", ["edit-external", "edit", "rehearse"])
def test_the_selected_migration_must_have_a_file(command: str) -> None:
    assert why_not(command, replace(NOT_ANSWERED, selected=WITH_FILE)) is None
    reason = why_not(command, replace(NOT_ANSWERED, selected=WITHOUT_FILE))
    assert reason is not None
    assert reason.startswith("The file 002_gone.sql is missing")


@pytest.mark.parametrize("command", ["edit-external", "edit"])
def test_an_editor_does_not_hide_a_run(command: str) -> None:
    now = replace(NOT_ANSWERED, selected=WITH_FILE, running=True)
    assert why_not(command, now) == "A run is in progress. The editor would hide it."


def test_there_is_one_chosen_rehearsal_at_a_time() -> None:
    now = replace(NOT_ANSWERED, selected=WITH_FILE, rehearsing="007_other.sql")
    assert why_not("rehearse", now) == "koonj is rehearsing 007_other.sql. To cancel that, press c."


def test_a_new_migration_needs_the_folder_for_its_number() -> None:
    assert why_not("new", NOT_ANSWERED) == "koonj has not read the migrations folder yet."
    read = NOT_ANSWERED.snapshot.with_folder(Folder(SETTINGS.migrations, (USERS,), 0, ()))
    assert why_not("new", replace(NOT_ANSWERED, snapshot=read)) is None


# Commands about what is shown


@pytest.mark.parametrize("tab", list(Tab))
def test_only_a_text_can_be_formatted(tab: Tab) -> None:
    now = replace(NOT_ANSWERED, tab=tab, has_text=True)
    reason = None if tab in {Tab.BODY, Tab.ROLLBACK} else "Only the tabs Body and Rollback can be formatted."
    assert why_not("format", now) == reason


def test_a_text_must_be_there_to_be_formatted() -> None:
    assert why_not("format", replace(NOT_ANSWERED, tab=Tab.BODY)) == "This tab has no text to format."


def test_the_pane_says_why_there_is_nothing_to_copy() -> None:
    assert why_not("copy", replace(NOT_ANSWERED, nothing_to_copy="Nothing has run yet.")) == (
        "Nothing has run yet."
    )
    assert why_not("copy", NOT_ANSWERED) is None


def test_y_is_no_copy_while_a_question_may_come() -> None:
    waits = replace(NOT_ANSWERED, running=True, run=RunView("local", Direction.APPLY, 0.0))
    assert why_not("copy", waits) == "Not now: y is reserved for the confirmation that follows."
    started = MigrationStarted(
        USERS.name, Direction.APPLY, 1, 1, 1, in_transaction=True, at=datetime.fromtimestamp(1, UTC)
    )
    assert waits.run is not None
    assert why_not("copy", replace(waits, run=fold(waits.run, [started]))) is None


def test_themes_differ_only_where_there_are_colours() -> None:
    assert why_not("theme", NOT_ANSWERED) is None
    reason = why_not("theme", replace(NOT_ANSWERED, has_colours=False))
    assert reason == "NO_COLOR is set, so koonj uses no colours."


def test_koonj_is_not_suspended_while_it_holds_locks() -> None:
    assert why_not("suspend", NOT_ANSWERED) is None
    reason = why_not("suspend", replace(NOT_ANSWERED, running=True))
    assert reason == "A run is in progress. A suspended koonj would keep its locks."


# The footer


def test_while_a_run_goes_on_the_footer_shows_what_can_be_done_about_it() -> None:
    shown = hints(replace(answered(State.PENDING), running=True))
    assert [(hint.key, hint.usable) for hint in shown] == [("c", True), (":", True), ("?", True), ("q", True)]
