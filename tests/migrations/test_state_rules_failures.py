"""States of migrations whose last run failed or was interrupted."""

import pytest

from koonj.migrations.state_rules import State
from support.migration_story import EDITED, FAILED, IN_STEPS, STARTED, A, B, Story


class TestFailed:
    def test_failed_apply_is_not_applied(self, story: Story) -> None:
        status = story.write(A).apply(A, FAILED, error="no such table").status(A)
        assert (status.state, status.applied, status.last_entry) == (State.FAILED, False, story.entries[0])
        assert status.note == "the apply failed: no such table (0 of 2 statements committed)"

    def test_note_counts_the_committed_statements_of_a_failed_apply(self, story: Story) -> None:
        status = story.write(A, IN_STEPS).apply(A, FAILED, done=1).write(A, IN_STEPS + "\n").status(A)
        assert (status.state, status.applied) == (State.FAILED, False)
        assert status.note == "the apply failed (1 of 2 statements committed); the file has changed since"

    def test_failed_migration_becomes_applied_when_run_again(self, story: Story) -> None:
        assert story.write(A).apply(A, FAILED).apply(A).status(A).state is State.APPLIED

    def test_migration_stays_applied_when_rollback_in_one_transaction_failed(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A, FAILED, error="still needed").status(A)
        assert (status.state, status.applied, status.last_entry) == (State.APPLIED, True, story.entries[0])
        assert status.note == "a rollback failed and changed nothing: still needed"

    def test_migration_is_edited_when_rollback_failed_and_file_changed(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A, FAILED).write(A, EDITED).status(A)
        assert (status.state, status.note) == (State.EDITED, "a rollback failed and changed nothing")

    @pytest.mark.parametrize("done", [0, 1])
    def test_migration_is_failed_when_rollback_in_several_transactions_failed(
        self, story: Story, done: int
    ) -> None:
        status = story.write(A, IN_STEPS).apply(A).roll_back(A, FAILED, done=done).status(A)
        assert (status.state, status.applied, status.last_entry) == (State.FAILED, True, story.entries[1])
        assert status.note == f"the rollback failed ({done} of 2 statements committed)"

    def test_migration_is_failed_when_rollback_failed_and_file_is_missing(self, story: Story) -> None:
        status = story.apply(A).roll_back(A, FAILED).status(A)
        assert (status.state, status.applied) == (State.FAILED, True)

    def test_migration_stays_interrupted_when_rollback_failed(self, story: Story) -> None:
        status = story.write(A).apply(A, STARTED).roll_back(A, FAILED).status(A)
        assert (status.state, status.applied, status.last_entry) == (
            State.INTERRUPTED,
            False,
            story.entries[0],
        )
        assert status.note.endswith("a rollback failed and changed nothing")


class TestInterrupted:
    def test_started_apply_is_interrupted(self, story: Story) -> None:
        status = story.write(A, IN_STEPS).apply(A, STARTED, done=1).status(A)
        assert (status.state, status.applied, status.last_entry) == (
            State.INTERRUPTED,
            False,
            story.entries[0],
        )
        assert status.note == (
            "the apply was started, but koonj has no record that it finished (at least 1 of 2 statements committed)"
        )

    def test_started_rollback_is_interrupted(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A, STARTED).status(A)
        assert (status.state, status.applied, status.last_entry) == (
            State.INTERRUPTED,
            True,
            story.entries[1],
        )

    def test_interrupted_state_comes_before_all_others(self, story: Story) -> None:
        story.write("001_x.sql").write("001_y.sql").apply("001_x.sql", STARTED).write(B).apply(B)
        assert story.states()["001_x.sql"] == "interrupted"

    def test_interrupted_migration_becomes_applied_when_run_again(self, story: Story) -> None:
        assert story.write(A).apply(A, STARTED).apply(A).status(A).state is State.APPLIED

    def test_interrupted_migration_becomes_pending_when_rolled_back(self, story: Story) -> None:
        assert story.write(A).apply(A, STARTED).roll_back(A).status(A).state is State.PENDING

    def test_interrupted_migration_stays_interrupted_when_allowed(self, story: Story) -> None:
        status = story.write(A).apply(A, STARTED).allow(A, State.INTERRUPTED, "the index is there").status(A)
        assert (status.state, status.allowed) == (State.INTERRUPTED, True)
        assert status.note.endswith("allowed: the index is there")

    def test_second_interruption_requires_a_second_decision(self, story: Story) -> None:
        story.write(A).apply(A, STARTED).allow(A, State.INTERRUPTED).apply(A, STARTED)
        assert not story.status(A).allowed
