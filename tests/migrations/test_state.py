"""The states: what history's entries and the folder's files say together."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.migrations.act import Action, HistoryEntry, Outcome
from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.glyphs import ASCII_GLYPHS, GLYPHS
from koonj.migrations.migration import Migration
from koonj.migrations.state import MigrationStatus, State, counts, problems_of, states

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

TEXT = """\
-- Makes t.
BEGIN;
CREATE TABLE t (id int);
COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE t;
-- COMMIT;
"""
COSMETIC = TEXT.replace("-- Makes t.", "-- Makes the table t.").replace("\n", "\r\n")
EDITED = TEXT.replace("id int", "id bigint")
EDITED_MORE = TEXT.replace("id int", "id numeric")
ROLLBACK_EDITED = TEXT.replace("DROP TABLE t", "DROP TABLE IF EXISTS t")
IN_STEPS = """\
CREATE INDEX CONCURRENTLY a ON t (id);
CREATE INDEX CONCURRENTLY b ON t (id);
-- Rollback:
-- DROP INDEX CONCURRENTLY b;
-- DROP INDEX CONCURRENTLY a;
"""


class Story:
    """Files and entries, one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[HistoryEntry] = []
        self.reader = FolderReader(path)

    def write(self, name: str, text: str = TEXT) -> "Story":
        (self.path / name).write_bytes(text.encode())
        return self

    def remove(self, name: str) -> "Story":
        (self.path / name).unlink()
        return self

    def entry(self, name: str, action: Action, outcome: Outcome = Outcome.DONE, **values: object) -> "Story":
        """An entry on the file as it is now, or on TEXT where there is none."""
        found = {m.name: m for m in self.reader.read().migrations}
        prints = (found.get(name) or Migration.from_recorded(name, TEXT)).fingerprints
        done = values.pop("done", 2 if outcome is Outcome.DONE else 0)
        entry = HistoryEntry(
            id=len(self.entries) + 1,
            name=name,
            action=action,
            outcome=outcome,
            file_hash=prints.file,
            statements_hash=prints.statements,
            rollback_hash=prints.rollback,
            statements_done=int(str(done)),
            statements_total=2,
            started=NOW,
            finished=None if outcome is Outcome.STARTED else NOW,
            reason=None,
            allowed=None,
            error=None,
            sqlstate=None,
            transaction_id=None,
            database_role="me",
            os_user="me",
            host="here",
            version="1",
            run_id="r",
        )
        self.entries.append(replace(entry, **values))  # type: ignore[arg-type] # the tests name fields of Act
        return self

    def apply(self, name: str, outcome: Outcome = Outcome.DONE, **values: object) -> "Story":
        return self.entry(name, Action.APPLY, outcome, **values)

    def roll_back(self, name: str, outcome: Outcome = Outcome.DONE, **values: object) -> "Story":
        return self.entry(name, Action.ROLLBACK, outcome, **values)

    def allow(self, name: str, state: State, reason: str = "I know") -> "Story":
        return self.entry(name, Action.ALLOW, allowed=state.value, reason=reason)

    def statuses(self) -> tuple[MigrationStatus, ...]:
        return states(self.reader.read(), self.entries)

    def status(self, name: str) -> MigrationStatus:
        return next(e for e in self.statuses() if e.name == name)

    def states(self) -> dict[str, str]:
        return {e.name: e.state.value for e in self.statuses()}


A, B, C = "001_a.sql", "002_b.sql", "003_c.sql"
STARTED, DONE, FAILED = Outcome


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


class TestApplied:
    def test_pending_then_applied(self, story: Story) -> None:
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

    def test_adopted(self, story: Story) -> None:
        status = story.write(A).entry(A, Action.ADOPT).status(A)
        assert (status.state, status.applied) == (State.ADOPTED, True)

    def test_an_adopt_that_failed_says_nothing(self, story: Story) -> None:
        assert story.write(A).entry(A, Action.ADOPT, FAILED).status(A).state is State.PENDING

    def test_adopted_and_edited(self, story: Story) -> None:
        assert story.write(A).entry(A, Action.ADOPT).write(A, EDITED).status(A).state is State.EDITED

    def test_rolled_back_is_pending_again(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A).status(A)
        assert (status.state, status.applied, status.last_entry) == (State.PENDING, False, story.entries[1])

    def test_up_down_up(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A).apply(A).status(A)
        assert (status.state, status.last_entry) == (State.APPLIED, story.entries[2])

    def test_rolled_back_then_edited_is_pending(self, story: Story) -> None:
        assert story.write(A).apply(A).roll_back(A).write(A, EDITED).status(A).state is State.PENDING

    def test_the_order_of_acts_is_that_of_their_ids(self, story: Story) -> None:
        story.write(A).apply(A).roll_back(A)
        story.entries.reverse()
        assert story.status(A).state is State.PENDING


class TestEdited:
    @pytest.mark.parametrize(
        ("text", "state"),
        [(COSMETIC, State.COSMETIC), (EDITED, State.EDITED), (ROLLBACK_EDITED, State.ROLLBACK_EDITED)],
    )
    def test_what_differs(self, story: Story, text: str, state: State) -> None:
        status = story.write(A).apply(A).write(A, text).status(A)
        assert (status.state, status.applied, status.allowed) == (state, True, False)
        assert status.last_entry is story.entries[0]

    @pytest.mark.parametrize(
        ("text", "state"),
        [(COSMETIC, State.COSMETIC), (EDITED, State.EDITED), (ROLLBACK_EDITED, State.ROLLBACK_EDITED)],
    )
    def test_allowed_is_applied(self, story: Story, text: str, state: State) -> None:
        status = story.write(A).apply(A).write(A, text).allow(A, state, "typo").status(A)
        assert (status.state, status.allowed, status.note) == (State.APPLIED, True, "allowed: typo")
        assert status.last_entry is story.entries[0]

    def test_an_edit_after_the_allow_is_an_edit(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).allow(A, State.EDITED).write(A, EDITED_MORE)
        status = story.status(A)
        assert (status.state, status.allowed, status.note) == (State.EDITED, False, "")

    def test_a_cosmetic_edit_after_the_allow_is_cosmetic(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).allow(A, State.EDITED).write(A, "\n" + EDITED)
        assert story.status(A).state is State.COSMETIC

    def test_put_back_after_the_accept(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).allow(A, State.EDITED).write(A)
        status = story.status(A)
        assert (status.state, status.allowed) == (State.APPLIED, False)

    def test_an_allow_of_edited_ends_with_the_next_apply(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).allow(A, State.EDITED).roll_back(A)
        story.write(A).apply(A).write(A, EDITED)
        assert story.status(A).state is State.EDITED

    def test_an_allow_of_something_else_covers_no_edit(self, story: Story) -> None:
        story.write(A).allow(A, State.LATE).apply(A).write(A, EDITED).allow(A, State.LATE)
        assert story.status(A).state is State.EDITED

    def test_not_utf8_any_more(self, story: Story) -> None:
        story.write(A).apply(A)
        (story.path / A).write_bytes(b"\xff\xfe\x00garbage")
        assert story.status(A).state is State.EDITED


class TestMissing:
    def test_in_its_place(self, story: Story) -> None:
        story.write(A).write(C).apply(A).apply(B).apply(C)
        assert list(story.states().items()) == [(A, "applied"), (B, "missing"), (C, "applied")]
        status = story.status(B)
        assert (status.number, status.migration, status.applied, status.last_entry) == (
            2,
            None,
            True,
            story.entries[1],
        )

    def test_allowed_is_still_missing(self, story: Story) -> None:
        status = story.apply(A).allow(A, State.MISSING, "squashed").status(A)
        assert (status.state, status.allowed, status.note) == (State.MISSING, True, "allowed: squashed")

    def test_an_allow_of_an_earlier_life_does_not_count(self, story: Story) -> None:
        story.apply(A).allow(A, State.MISSING).roll_back(A).apply(A)
        assert not story.status(A).allowed

    def test_back_again(self, story: Story) -> None:
        assert story.apply(A).allow(A, State.MISSING).write(A).status(A).state is State.APPLIED

    def test_rolled_back_is_not_shown(self, story: Story) -> None:
        assert story.apply(A).roll_back(A).statuses() == ()

    def test_a_failed_apply_that_left_nothing_is_not_shown(self, story: Story) -> None:
        assert story.apply(A, FAILED).statuses() == ()

    def test_only_allowed_is_not_shown(self, story: Story) -> None:
        assert story.allow(A, State.LATE).statuses() == ()

    @pytest.mark.parametrize(
        ("outcome", "done", "state"), [(FAILED, 1, State.FAILED), (STARTED, 0, State.INTERRUPTED)]
    )
    def test_what_left_something_is_shown(
        self, story: Story, outcome: Outcome, done: int, state: State
    ) -> None:
        status = story.apply(A, outcome, done=done).status(A)
        assert (status.state, status.migration, status.applied) == (state, None, False)
        assert "its file is gone" in status.note

    def test_a_file_that_cannot_be_taken_is_said_to_be_there(self, story: Story, tmp_path: Path) -> None:
        outside = tmp_path.parent / "outside.sql"
        outside.write_text(TEXT)
        story.write(A).apply(A).remove(A)
        (story.path / A).symlink_to(outside)
        status = story.status(A)
        assert status.state is State.MISSING
        assert "leaves the migrations folder" in status.note

    @pytest.mark.parametrize(("name", "number"), [("seed.sql", 0), ("7_x.sql", 7), ("016_x.sql", 16)])
    def test_number_of_any_name(self, story: Story, name: str, number: int) -> None:
        assert story.apply(name).status(name).number == number


class TestLate:
    def test_pending_below_an_applied_one(self, story: Story) -> None:
        status = story.write(A).write(B).write(C).apply(B).status(A)
        assert (status.state, status.applied, status.note) == (State.LATE, False, f"{B} is applied")
        assert story.status(C).state is State.PENDING

    @pytest.mark.parametrize("action", [Action.APPLY, Action.ADOPT])
    def test_below_a_missing_or_adopted_one(self, story: Story, action: Action) -> None:
        assert story.write(A).entry(B, action).status(A).state is State.LATE

    def test_not_below_one_that_was_rolled_back(self, story: Story) -> None:
        assert story.write(A).write(B).apply(B).roll_back(B).status(A).state is State.PENDING

    def test_rolled_back_out_of_order(self, story: Story) -> None:
        assert story.write(A).write(B).apply(A).apply(B).roll_back(A).status(A).state is State.LATE

    def test_allowed_then_applied(self, story: Story) -> None:
        story.write(A).write(B).apply(B).allow(A, State.LATE, "a hotfix")
        status = story.status(A)
        assert (status.state, status.allowed, status.note) == (
            State.LATE,
            True,
            f"{B} is applied; allowed: a hotfix",
        )
        assert problems_of(story.statuses()) == ()
        status = story.apply(A).status(A)
        assert (status.state, status.allowed, status.note) == (State.APPLIED, False, "")

    def test_rolled_back_needs_a_new_decision(self, story: Story) -> None:
        story.write(A).write(B).apply(B).allow(A, State.LATE).apply(A).roll_back(A)
        status = story.status(A)
        assert (status.state, status.allowed) == (State.LATE, False)

    def test_a_failure_does_not_hide_it(self, story: Story) -> None:
        story.write(A).apply(A, FAILED, error="boom").write(B).apply(B)
        status = story.status(A)
        assert status.state is State.LATE
        assert "the apply failed: boom" in status.note
        assert story.allow(A, State.LATE).status(A).state is State.FAILED


class TestDuplicate:
    def test_both_pending(self, story: Story) -> None:
        story.write("001_x.sql").write("0001_y.sql").write(B)
        assert story.states() == {"0001_y.sql": "duplicate", "001_x.sql": "duplicate", B: "pending"}

    def test_the_applied_one_is_applied(self, story: Story) -> None:
        story.write("001_x.sql").write("001_y.sql").apply("001_x.sql")
        assert story.states() == {"001_x.sql": "applied", "001_y.sql": "duplicate"}

    def test_both_applied(self, story: Story) -> None:
        story.write("001_x.sql").write("001_y.sql").apply("001_x.sql").apply("001_y.sql")
        assert story.states() == {"001_x.sql": "applied", "001_y.sql": "applied"}

    def test_late_too(self, story: Story) -> None:
        story.write("001_x.sql").write("001_y.sql").write(B).apply("001_x.sql").apply(B)
        status = story.status("001_y.sql")
        assert (status.state, status.note) == (State.DUPLICATE, f"{B} is applied")
        status = story.allow("001_y.sql", State.DUPLICATE).status("001_y.sql")
        assert (status.state, status.allowed) == (State.LATE, False)
        status = story.allow("001_y.sql", State.LATE).status("001_y.sql")
        assert (status.state, status.allowed) == (State.DUPLICATE, True)


class TestFailed:
    def test_an_apply_that_left_nothing(self, story: Story) -> None:
        status = story.write(A).apply(A, FAILED, error="no such table").status(A)
        assert (status.state, status.applied, status.last_entry) == (State.FAILED, False, story.entries[0])
        assert status.note == "the apply failed: no such table (0 of 2 statements committed)"

    def test_an_apply_that_left_something(self, story: Story) -> None:
        status = story.write(A, IN_STEPS).apply(A, FAILED, done=1).write(A, IN_STEPS + "\n").status(A)
        assert (status.state, status.applied) == (State.FAILED, False)
        assert status.note == "the apply failed (1 of 2 statements committed); the file has changed since"

    def test_then_done(self, story: Story) -> None:
        assert story.write(A).apply(A, FAILED).apply(A).status(A).state is State.APPLIED

    def test_a_rollback_in_one_transaction_changed_nothing(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A, FAILED, error="still needed").status(A)
        assert (status.state, status.applied, status.last_entry) == (State.APPLIED, True, story.entries[0])
        assert status.note == "a rollback failed and changed nothing: still needed"

    def test_and_the_file_is_edited(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A, FAILED).write(A, EDITED).status(A)
        assert (status.state, status.note) == (State.EDITED, "a rollback failed and changed nothing")

    @pytest.mark.parametrize("done", [0, 1])
    def test_a_rollback_in_steps_can_have_left_something(self, story: Story, done: int) -> None:
        status = story.write(A, IN_STEPS).apply(A).roll_back(A, FAILED, done=done).status(A)
        assert (status.state, status.applied, status.last_entry) == (State.FAILED, True, story.entries[1])
        assert status.note == f"the rollback failed ({done} of 2 statements committed)"

    def test_a_rollback_whose_file_is_gone(self, story: Story) -> None:
        status = story.apply(A).roll_back(A, FAILED).status(A)
        assert (status.state, status.applied) == (State.FAILED, True)

    def test_a_rollback_after_an_interrupted_apply(self, story: Story) -> None:
        status = story.write(A).apply(A, STARTED).roll_back(A, FAILED).status(A)
        assert (status.state, status.applied, status.last_entry) == (
            State.INTERRUPTED,
            False,
            story.entries[0],
        )
        assert status.note.endswith("a rollback failed and changed nothing")


class TestInterrupted:
    def test_an_apply(self, story: Story) -> None:
        status = story.write(A, IN_STEPS).apply(A, STARTED, done=1).status(A)
        assert (status.state, status.applied, status.last_entry) == (
            State.INTERRUPTED,
            False,
            story.entries[0],
        )
        assert status.note == (
            "the apply was started, and its end is not recorded (1 of 2 statements committed)"
        )

    def test_a_rollback(self, story: Story) -> None:
        status = story.write(A).apply(A).roll_back(A, STARTED).status(A)
        assert (status.state, status.applied, status.last_entry) == (
            State.INTERRUPTED,
            True,
            story.entries[1],
        )

    def test_goes_before_everything(self, story: Story) -> None:
        story.write("001_x.sql").write("001_y.sql").apply("001_x.sql", STARTED).write(B).apply(B)
        assert story.states()["001_x.sql"] == "interrupted"

    def test_applied_after_all(self, story: Story) -> None:
        assert story.write(A).apply(A, STARTED).apply(A).status(A).state is State.APPLIED

    def test_rolled_back_after_all(self, story: Story) -> None:
        assert story.write(A).apply(A, STARTED).roll_back(A).status(A).state is State.PENDING

    def test_allowed(self, story: Story) -> None:
        status = story.write(A).apply(A, STARTED).allow(A, State.INTERRUPTED, "the index is there").status(A)
        assert (status.state, status.allowed) == (State.INTERRUPTED, True)
        assert status.note.endswith("allowed: the index is there")

    def test_a_second_interruption_needs_a_second_decision(self, story: Story) -> None:
        story.write(A).apply(A, STARTED).allow(A, State.INTERRUPTED).apply(A, STARTED)
        assert not story.status(A).allowed


class TestViews:
    def test_counts_has_every_state(self, story: Story) -> None:
        found = counts(story.write(A).write(B).apply(A).statuses())
        assert set(found) == set(State)
        assert {s: n for s, n in found.items() if n} == {State.APPLIED: 1, State.PENDING: 1}

    def test_problems(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).write(B).apply(C).write("004_d.sql").apply(
            "004_d.sql", FAILED
        )
        assert [e.name for e in problems_of(story.statuses())] == [A, B, C]

    @pytest.mark.parametrize("glyphs", [GLYPHS, ASCII_GLYPHS])
    def test_glyphs_are_one_cell_and_distinct(self, glyphs: dict[State, str]) -> None:
        assert set(glyphs) == set(State)
        assert len(set(glyphs.values())) == len(State)
        assert all(len(g) == 1 and unicodedata.east_asian_width(g) in {"N", "Na"} for g in glyphs.values())
        assert "?" not in glyphs.values()  # it stands for an unknown state
        assert all(g.isascii() for g in ASCII_GLYPHS.values())


FILES = [A, B, "002_twin.sql", C, "20240131_d.sql"]
ACTS = st.lists(
    st.tuples(
        st.sampled_from([*FILES, "004_gone.sql", "odd"]),
        st.sampled_from(Action),
        st.sampled_from(Outcome),
        st.sampled_from([TEXT, EDITED, ROLLBACK_EDITED, COSMETIC, IN_STEPS]),
        st.integers(0, 2),
        st.sampled_from([None, *(s.value for s in State)]),
    ),
    max_size=25,
)
TEXTS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([TEXT, EDITED, IN_STEPS]) for name in FILES}
)


def folder_of(texts: dict[str, str]) -> Folder:
    found = [Migration.from_recorded(name, text) for name, text in texts.items()]
    return Folder(Path(), tuple(sorted(found, key=lambda m: (m.number, m.name))), 0, ())


@given(texts=TEXTS, history=ACTS)
def test_any_history_has_an_answer(
    tmp_path_factory: pytest.TempPathFactory,
    texts: dict[str, str],
    history: list[tuple[str, Action, Outcome, str, int, str | None]],
) -> None:
    story = Story(tmp_path_factory.getbasetemp())
    for name, action, outcome, text, done, allowed in history:
        prints = Migration.from_recorded(name, text).fingerprints
        story.entry(
            name,
            action,
            outcome,
            done=done,
            allowed=allowed,
            file_hash=prints.file,
            statements_hash=prints.statements,
            rollback_hash=prints.rollback,
        )
    folder = folder_of(texts)
    statuses = states(folder, story.entries)
    names = [e.name for e in statuses]
    assert len(set(names)) == len(names)
    assert set(texts) <= set(names)
    assert statuses == tuple(sorted(statuses, key=lambda e: (e.number, e.name)))
    assert statuses == states(folder, list(reversed(story.entries)))
    assert all((e.migration is not None) == (e.name in texts) for e in statuses)
    assert sum(counts(statuses).values()) == len(statuses)
    for status in statuses:
        assert status.last_entry is not None or not status.applied
        assert status.applied or status.state not in {
            State.APPLIED,
            State.ADOPTED,
            State.EDITED,
            State.COSMETIC,
            State.ROLLBACK_EDITED,
            State.MISSING,
        }
        assert not status.applied or status.state not in {State.PENDING, State.LATE, State.DUPLICATE}


@given(texts=TEXTS, names=st.permutations(FILES))
def test_applied_in_any_order_all_are_applied_and_back_all_are_pending(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str], names: list[str]
) -> None:
    folder = folder_of(texts)
    prints = {m.name: m.fingerprints for m in folder.migrations}
    story = Story(tmp_path_factory.getbasetemp())
    for name in (n for n in names if n in prints):
        hashes = prints[name]
        story.apply(
            name, file_hash=hashes.file, statements_hash=hashes.statements, rollback_hash=hashes.rollback
        )
    assert {e.state for e in states(folder, story.entries)} <= {State.APPLIED}
    for name in (n for n in reversed(names) if n in prints):
        story.roll_back(name)
    assert {e.state for e in states(folder, story.entries)} <= {State.PENDING, State.DUPLICATE}
