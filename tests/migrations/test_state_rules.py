"""States of migrations, computed from the history entries and the files."""

import unicodedata
from pathlib import Path

import pytest

from koonj.migrations.history_entry import Action, Outcome
from koonj.migrations.state_rules import MigrationStatus, State, counts, problems_of
from koonj.migrations.states import ASCII_GLYPHS, GLYPHS
from support.migration_story import (
    COSMETIC,
    EDITED,
    EDITED_MORE,
    FAILED,
    ROLLBACK_EDITED,
    STARTED,
    TEXT,
    A,
    B,
    C,
    Story,
)


class TestApplied:
    def test_pending_migration_becomes_applied(self, story: Story) -> None:
        story.write(A)
        assert story.status(A) == MigrationStatus(
            1, A, State.PENDING, story.reader.read().migrations[0], None, applied=False, allowed=False
        )
        status = story.apply(A).status(A)
        assert (status.state, status.applied, status.last_entry, status.note) == (
            State.APPLIED,
            True,
            story.entries[0],
            "",
        )

    def test_adopted_migration_counts_as_applied(self, story: Story) -> None:
        status = story.write(A).entry(A, Action.ADOPT).status(A)
        assert (status.state, status.applied) == (State.ADOPTED, True)

    def test_failed_adopt_changes_nothing(self, story: Story) -> None:
        assert story.write(A).entry(A, Action.ADOPT, FAILED).status(A).state is State.PENDING

    def test_adopted_migration_becomes_edited_when_file_changes(self, story: Story) -> None:
        assert story.write(A).entry(A, Action.ADOPT).write(A, EDITED).status(A).state is State.EDITED

    def test_rolled_back_migration_is_pending(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A).status(A)
        assert (status.state, status.applied, status.last_entry) == (State.PENDING, False, story.entries[1])

    def test_migration_is_applied_when_it_was_applied_again(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A).apply(A).status(A)
        assert (status.state, status.last_entry) == (State.APPLIED, story.entries[2])

    def test_rolled_back_migration_is_pending_when_file_changes(self, story: Story) -> None:
        assert story.write(A).apply(A).roll_back(A).write(A, EDITED).status(A).state is State.PENDING

    def test_entries_are_ordered_by_id(self, story: Story) -> None:
        story.write(A).apply(A).roll_back(A)
        story.entries.reverse()
        assert story.status(A).state is State.PENDING


class TestEdited:
    @pytest.mark.parametrize(
        ("text", "state"),
        [(COSMETIC, State.COSMETIC), (EDITED, State.EDITED), (ROLLBACK_EDITED, State.ROLLBACK_EDITED)],
    )
    def test_changed_part_of_the_file_decides_the_state(self, story: Story, text: str, state: State) -> None:
        status = story.write(A).apply(A).write(A, text).status(A)
        assert (status.state, status.applied, status.allowed) == (state, True, False)
        assert status.last_entry is story.entries[0]

    @pytest.mark.parametrize(
        ("text", "state"),
        [(COSMETIC, State.COSMETIC), (EDITED, State.EDITED), (ROLLBACK_EDITED, State.ROLLBACK_EDITED)],
    )
    def test_edited_migration_is_applied_when_allowed(self, story: Story, text: str, state: State) -> None:
        status = story.write(A).apply(A).write(A, text).allow(A, state, "typo").status(A)
        assert (status.state, status.allowed, status.note) == (State.APPLIED, True, "allowed: typo")
        assert status.last_entry is story.entries[0]

    def test_migration_is_edited_again_when_changed_after_allow(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).allow(A, State.EDITED).write(A, EDITED_MORE)
        status = story.status(A)
        assert (status.state, status.allowed, status.note) == (State.EDITED, False, "")

    def test_migration_is_cosmetic_when_reformatted_after_allow(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).allow(A, State.EDITED).write(A, "\n" + EDITED)
        assert story.status(A).state is State.COSMETIC

    def test_migration_is_applied_when_restored_after_allow(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).allow(A, State.EDITED).write(A)
        status = story.status(A)
        assert (status.state, status.allowed) == (State.APPLIED, False)

    def test_allow_of_edited_ends_with_the_next_apply(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).allow(A, State.EDITED).roll_back(A)
        story.write(A).apply(A).write(A, EDITED)
        assert story.status(A).state is State.EDITED

    def test_allow_of_another_state_does_not_cover_an_edit(self, story: Story) -> None:
        story.write(A).allow(A, State.LATE).apply(A).write(A, EDITED).allow(A, State.LATE)
        assert story.status(A).state is State.EDITED

    def test_migration_is_edited_when_it_is_not_utf8(self, story: Story) -> None:
        story.write(A).apply(A)
        (story.path / A).write_bytes(b"\xff\xfe\x00garbage")
        assert story.status(A).state is State.EDITED


class TestMissing:
    def test_missing_migration_is_listed_by_number(self, story: Story) -> None:
        story.write(A).write(C).apply(A).apply(B).apply(C)
        assert list(story.states().items()) == [(A, "applied"), (B, "missing"), (C, "applied")]
        status = story.status(B)
        assert (status.number, status.migration, status.applied, status.last_entry) == (
            2,
            None,
            True,
            story.entries[1],
        )

    def test_missing_migration_stays_missing_when_allowed(self, story: Story) -> None:
        status = story.apply(A).allow(A, State.MISSING, "squashed").status(A)
        assert (status.state, status.allowed, status.note) == (State.MISSING, True, "allowed: squashed")

    def test_allow_ends_with_a_rollback(self, story: Story) -> None:
        story.apply(A).allow(A, State.MISSING).roll_back(A).apply(A)
        assert not story.status(A).allowed

    def test_migration_is_applied_when_its_file_is_restored(self, story: Story) -> None:
        assert story.apply(A).allow(A, State.MISSING).write(A).status(A).state is State.APPLIED

    def test_missing_migration_is_not_listed_when_rolled_back(self, story: Story) -> None:
        assert story.apply(A).roll_back(A).statuses() == ()

    def test_missing_migration_is_not_listed_when_apply_committed_nothing(self, story: Story) -> None:
        assert story.apply(A, FAILED).statuses() == ()

    def test_missing_migration_is_not_listed_when_only_allowed(self, story: Story) -> None:
        assert story.allow(A, State.LATE).statuses() == ()

    @pytest.mark.parametrize(
        ("outcome", "done", "state"), [(FAILED, 1, State.FAILED), (STARTED, 0, State.INTERRUPTED)]
    )
    def test_missing_migration_is_listed_when_an_attempt_can_have_committed(
        self, story: Story, outcome: Outcome, done: int, state: State
    ) -> None:
        status = story.apply(A, outcome, done=done).status(A)
        assert (status.state, status.migration, status.applied) == (state, None, False)
        assert "its file is missing" in status.note

    def test_note_says_why_when_the_file_cannot_be_used(self, story: Story, tmp_path: Path) -> None:
        outside = tmp_path.parent / "outside.sql"
        outside.write_text(TEXT)
        story.write(A).apply(A).remove(A)
        (story.path / A).symlink_to(outside)
        status = story.status(A)
        assert status.state is State.MISSING
        assert "points out of the migrations folder" in status.note

    @pytest.mark.parametrize(("name", "number"), [("seed.sql", 0), ("7_x.sql", 7), ("016_x.sql", 16)])
    def test_number_is_read_from_any_name(self, story: Story, name: str, number: int) -> None:
        assert story.apply(name).status(name).number == number


class TestLate:
    def test_pending_migration_is_late_when_a_higher_one_is_applied(self, story: Story) -> None:
        status = story.write(A).write(B).write(C).apply(B).status(A)
        assert (status.state, status.applied, status.note) == (State.LATE, False, f"{B} is already applied")
        assert story.status(C).state is State.PENDING

    @pytest.mark.parametrize("action", [Action.APPLY, Action.ADOPT])
    def test_pending_migration_is_late_when_the_higher_one_has_no_file(
        self, story: Story, action: Action
    ) -> None:
        assert story.write(A).entry(B, action).status(A).state is State.LATE

    def test_pending_migration_is_not_late_when_the_higher_one_was_rolled_back(self, story: Story) -> None:
        assert story.write(A).write(B).apply(B).roll_back(B).status(A).state is State.PENDING

    def test_rolled_back_migration_is_late_when_a_higher_one_is_applied(self, story: Story) -> None:
        assert story.write(A).write(B).apply(A).apply(B).roll_back(A).status(A).state is State.LATE

    def test_late_migration_becomes_applied_when_allowed_and_run(self, story: Story) -> None:
        story.write(A).write(B).apply(B).allow(A, State.LATE, "a hotfix")
        status = story.status(A)
        assert (status.state, status.allowed, status.note) == (
            State.LATE,
            True,
            f"{B} is already applied; allowed: a hotfix",
        )
        assert problems_of(story.statuses()) == ()
        status = story.apply(A).status(A)
        assert (status.state, status.allowed, status.note) == (State.APPLIED, False, "")

    def test_late_migration_requires_a_new_decision_when_rolled_back(self, story: Story) -> None:
        story.write(A).write(B).apply(B).allow(A, State.LATE).apply(A).roll_back(A)
        status = story.status(A)
        assert (status.state, status.allowed) == (State.LATE, False)

    def test_late_state_is_shown_when_the_apply_failed(self, story: Story) -> None:
        story.write(A).apply(A, FAILED, error="boom").write(B).apply(B)
        status = story.status(A)
        assert status.state is State.LATE
        assert "the apply failed: boom" in status.note
        assert story.allow(A, State.LATE).status(A).state is State.FAILED


class TestDuplicate:
    def test_both_files_are_duplicates_when_pending(self, story: Story) -> None:
        story.write("001_x.sql").write("0001_y.sql").write(B)
        assert story.states() == {"0001_y.sql": "duplicate", "001_x.sql": "duplicate", B: "pending"}

    def test_only_the_pending_file_is_a_duplicate(self, story: Story) -> None:
        story.write("001_x.sql").write("001_y.sql").apply("001_x.sql")
        assert story.states() == {"001_x.sql": "applied", "001_y.sql": "duplicate"}

    def test_no_file_is_a_duplicate_when_both_are_applied(self, story: Story) -> None:
        story.write("001_x.sql").write("001_y.sql").apply("001_x.sql").apply("001_y.sql")
        assert story.states() == {"001_x.sql": "applied", "001_y.sql": "applied"}

    def test_late_duplicate_requires_two_decisions(self, story: Story) -> None:
        story.write("001_x.sql").write("001_y.sql").write(B).apply("001_x.sql").apply(B)
        status = story.status("001_y.sql")
        assert (status.state, status.note) == (State.DUPLICATE, f"{B} is already applied")
        status = story.allow("001_y.sql", State.DUPLICATE).status("001_y.sql")
        assert (status.state, status.allowed) == (State.LATE, False)
        status = story.allow("001_y.sql", State.LATE).status("001_y.sql")
        assert (status.state, status.allowed) == (State.DUPLICATE, True)


class TestViews:
    def test_counts_include_every_state(self, story: Story) -> None:
        found = counts(story.write(A).write(B).apply(A).statuses())
        assert set(found) == set(State)
        assert {s: n for s, n in found.items() if n} == {State.APPLIED: 1, State.PENDING: 1}

    def test_conflicts_are_listed(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).write(B).apply(C).write("004_d.sql").apply(
            "004_d.sql", FAILED
        )
        assert [e.name for e in problems_of(story.statuses())] == [A, B, C]

    @pytest.mark.parametrize("glyphs", [GLYPHS, ASCII_GLYPHS])
    def test_glyphs_are_one_cell_and_distinct(self, glyphs: dict[State, str]) -> None:
        assert set(glyphs) == set(State)
        assert len(set(glyphs.values())) == len(State)
        assert all(len(g) == 1 and unicodedata.east_asian_width(g) in {"N", "Na"} for g in glyphs.values())
        assert "?" not in glyphs.values()  # "?" is the glyph of an unknown state
        assert all(g.isascii() for g in ASCII_GLYPHS.values())
