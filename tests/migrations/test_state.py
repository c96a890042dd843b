"""The states: what history's acts and the folder's files say together."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.migrations.act import Act, Action, Outcome
from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.glyphs import ASCII_GLYPHS, GLYPHS
from koonj.migrations.migration import Migration
from koonj.migrations.state import Entry, State, counts, problems_of, states

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
    """Files and acts, one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.acts: list[Act] = []
        self.reader = FolderReader(path)

    def write(self, name: str, text: str = TEXT) -> "Story":
        (self.path / name).write_bytes(text.encode())
        return self

    def remove(self, name: str) -> "Story":
        (self.path / name).unlink()
        return self

    def act(self, name: str, action: Action, outcome: Outcome = Outcome.DONE, **values: object) -> "Story":
        """An act on the file as it is now, or on TEXT where there is none."""
        found = {m.name: m for m in self.reader.read().migrations}
        prints = (found.get(name) or Migration.from_recorded(name, TEXT)).fingerprints
        done = values.pop("done", 2 if outcome is Outcome.DONE else 0)
        act = Act(
            id=len(self.acts) + 1,
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
            accepted=None,
            error=None,
            sqlstate=None,
            transaction_id=None,
            database_role="me",
            os_user="me",
            host="here",
            version="1",
            run_id="r",
        )
        self.acts.append(replace(act, **values))  # type: ignore[arg-type] # the tests name fields of Act
        return self

    def apply(self, name: str, outcome: Outcome = Outcome.DONE, **values: object) -> "Story":
        return self.act(name, Action.APPLY, outcome, **values)

    def roll_back(self, name: str, outcome: Outcome = Outcome.DONE, **values: object) -> "Story":
        return self.act(name, Action.ROLLBACK, outcome, **values)

    def accept(self, name: str, state: State, reason: str = "I know") -> "Story":
        return self.act(name, Action.ACCEPT, accepted=state.value, reason=reason)

    def entries(self) -> tuple[Entry, ...]:
        return states(self.reader.read(), self.acts)

    def entry(self, name: str) -> Entry:
        return next(e for e in self.entries() if e.name == name)

    def states(self) -> dict[str, str]:
        return {e.name: e.state.value for e in self.entries()}


A, B, C = "001_a.sql", "002_b.sql", "003_c.sql"
STARTED, DONE, FAILED = Outcome


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


class TestApplied:
    def test_pending_then_applied(self, story: Story) -> None:
        story.write(A)
        assert story.entry(A) == Entry(
            1, A, State.PENDING, story.reader.read().migrations[0], None, applied=False, accepted=False
        )
        entry = story.apply(A).entry(A)
        assert (entry.state, entry.applied, entry.act, entry.note) == (State.APPLIED, True, story.acts[0], "")

    def test_adopted(self, story: Story) -> None:
        entry = story.write(A).act(A, Action.ADOPT).entry(A)
        assert (entry.state, entry.applied) == (State.ADOPTED, True)

    def test_an_adopt_that_failed_says_nothing(self, story: Story) -> None:
        assert story.write(A).act(A, Action.ADOPT, FAILED).entry(A).state is State.PENDING

    def test_adopted_and_edited(self, story: Story) -> None:
        assert story.write(A).act(A, Action.ADOPT).write(A, EDITED).entry(A).state is State.EDITED

    def test_rolled_back_is_pending_again(self, story: Story) -> None:
        entry = story.write(A).apply(A).roll_back(A).entry(A)
        assert (entry.state, entry.applied, entry.act) == (State.PENDING, False, story.acts[1])

    def test_up_down_up(self, story: Story) -> None:
        entry = story.write(A).apply(A).roll_back(A).apply(A).entry(A)
        assert (entry.state, entry.act) == (State.APPLIED, story.acts[2])

    def test_rolled_back_then_edited_is_pending(self, story: Story) -> None:
        assert story.write(A).apply(A).roll_back(A).write(A, EDITED).entry(A).state is State.PENDING

    def test_the_order_of_acts_is_that_of_their_ids(self, story: Story) -> None:
        story.write(A).apply(A).roll_back(A)
        story.acts.reverse()
        assert story.entry(A).state is State.PENDING


class TestEdited:
    @pytest.mark.parametrize(
        ("text", "state"),
        [(COSMETIC, State.COSMETIC), (EDITED, State.EDITED), (ROLLBACK_EDITED, State.ROLLBACK_EDITED)],
    )
    def test_what_differs(self, story: Story, text: str, state: State) -> None:
        entry = story.write(A).apply(A).write(A, text).entry(A)
        assert (entry.state, entry.applied, entry.accepted) == (state, True, False)
        assert entry.act is story.acts[0]

    @pytest.mark.parametrize(
        ("text", "state"),
        [(COSMETIC, State.COSMETIC), (EDITED, State.EDITED), (ROLLBACK_EDITED, State.ROLLBACK_EDITED)],
    )
    def test_accepted_is_applied(self, story: Story, text: str, state: State) -> None:
        entry = story.write(A).apply(A).write(A, text).accept(A, state, "typo").entry(A)
        assert (entry.state, entry.accepted, entry.note) == (State.APPLIED, True, "accepted: typo")
        assert entry.act is story.acts[0]

    def test_an_edit_after_the_accept_is_an_edit(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).accept(A, State.EDITED).write(A, EDITED_MORE)
        entry = story.entry(A)
        assert (entry.state, entry.accepted, entry.note) == (State.EDITED, False, "")

    def test_a_cosmetic_edit_after_the_accept_is_cosmetic(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).accept(A, State.EDITED).write(A, "\n" + EDITED)
        assert story.entry(A).state is State.COSMETIC

    def test_put_back_after_the_accept(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).accept(A, State.EDITED).write(A)
        entry = story.entry(A)
        assert (entry.state, entry.accepted) == (State.APPLIED, False)

    def test_an_accept_of_edited_ends_with_the_next_apply(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).accept(A, State.EDITED).roll_back(A)
        story.write(A).apply(A).write(A, EDITED)
        assert story.entry(A).state is State.EDITED

    def test_an_accept_of_something_else_covers_no_edit(self, story: Story) -> None:
        story.write(A).accept(A, State.LATE).apply(A).write(A, EDITED).accept(A, State.LATE)
        assert story.entry(A).state is State.EDITED

    def test_not_utf8_any_more(self, story: Story) -> None:
        story.write(A).apply(A)
        (story.path / A).write_bytes(b"\xff\xfe\x00garbage")
        assert story.entry(A).state is State.EDITED


class TestMissing:
    def test_in_its_place(self, story: Story) -> None:
        story.write(A).write(C).apply(A).apply(B).apply(C)
        assert list(story.states().items()) == [(A, "applied"), (B, "missing"), (C, "applied")]
        entry = story.entry(B)
        assert (entry.number, entry.migration, entry.applied, entry.act) == (2, None, True, story.acts[1])

    def test_accepted_is_still_missing(self, story: Story) -> None:
        entry = story.apply(A).accept(A, State.MISSING, "squashed").entry(A)
        assert (entry.state, entry.accepted, entry.note) == (State.MISSING, True, "accepted: squashed")

    def test_an_accept_of_an_earlier_life_does_not_count(self, story: Story) -> None:
        story.apply(A).accept(A, State.MISSING).roll_back(A).apply(A)
        assert not story.entry(A).accepted

    def test_back_again(self, story: Story) -> None:
        assert story.apply(A).accept(A, State.MISSING).write(A).entry(A).state is State.APPLIED

    def test_rolled_back_is_not_shown(self, story: Story) -> None:
        assert story.apply(A).roll_back(A).entries() == ()

    def test_a_failed_apply_that_left_nothing_is_not_shown(self, story: Story) -> None:
        assert story.apply(A, FAILED).entries() == ()

    def test_only_accepted_is_not_shown(self, story: Story) -> None:
        assert story.accept(A, State.LATE).entries() == ()

    @pytest.mark.parametrize(
        ("outcome", "done", "state"), [(FAILED, 1, State.FAILED), (STARTED, 0, State.INTERRUPTED)]
    )
    def test_what_left_something_is_shown(
        self, story: Story, outcome: Outcome, done: int, state: State
    ) -> None:
        entry = story.apply(A, outcome, done=done).entry(A)
        assert (entry.state, entry.migration, entry.applied) == (state, None, False)
        assert "its file is gone" in entry.note

    def test_a_file_that_cannot_be_taken_is_said_to_be_there(self, story: Story, tmp_path: Path) -> None:
        outside = tmp_path.parent / "outside.sql"
        outside.write_text(TEXT)
        story.write(A).apply(A).remove(A)
        (story.path / A).symlink_to(outside)
        entry = story.entry(A)
        assert entry.state is State.MISSING
        assert "leaves the migrations folder" in entry.note

    @pytest.mark.parametrize(("name", "number"), [("seed.sql", 0), ("7_x.sql", 7), ("016_x.sql", 16)])
    def test_number_of_any_name(self, story: Story, name: str, number: int) -> None:
        assert story.apply(name).entry(name).number == number


class TestLate:
    def test_pending_below_an_applied_one(self, story: Story) -> None:
        entry = story.write(A).write(B).write(C).apply(B).entry(A)
        assert (entry.state, entry.applied, entry.note) == (State.LATE, False, f"{B} is applied")
        assert story.entry(C).state is State.PENDING

    @pytest.mark.parametrize("action", [Action.APPLY, Action.ADOPT])
    def test_below_a_missing_or_adopted_one(self, story: Story, action: Action) -> None:
        assert story.write(A).act(B, action).entry(A).state is State.LATE

    def test_not_below_one_that_was_rolled_back(self, story: Story) -> None:
        assert story.write(A).write(B).apply(B).roll_back(B).entry(A).state is State.PENDING

    def test_rolled_back_out_of_order(self, story: Story) -> None:
        assert story.write(A).write(B).apply(A).apply(B).roll_back(A).entry(A).state is State.LATE

    def test_accepted_then_applied(self, story: Story) -> None:
        story.write(A).write(B).apply(B).accept(A, State.LATE, "a hotfix")
        entry = story.entry(A)
        assert (entry.state, entry.accepted, entry.note) == (
            State.LATE,
            True,
            f"{B} is applied; accepted: a hotfix",
        )
        assert problems_of(story.entries()) == ()
        entry = story.apply(A).entry(A)
        assert (entry.state, entry.accepted, entry.note) == (State.APPLIED, False, "")

    def test_rolled_back_needs_a_new_decision(self, story: Story) -> None:
        story.write(A).write(B).apply(B).accept(A, State.LATE).apply(A).roll_back(A)
        entry = story.entry(A)
        assert (entry.state, entry.accepted) == (State.LATE, False)

    def test_a_failure_does_not_hide_it(self, story: Story) -> None:
        story.write(A).apply(A, FAILED, error="boom").write(B).apply(B)
        entry = story.entry(A)
        assert entry.state is State.LATE
        assert "the apply failed: boom" in entry.note
        assert story.accept(A, State.LATE).entry(A).state is State.FAILED


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
        entry = story.entry("001_y.sql")
        assert (entry.state, entry.note) == (State.DUPLICATE, f"{B} is applied")
        entry = story.accept("001_y.sql", State.DUPLICATE).entry("001_y.sql")
        assert (entry.state, entry.accepted) == (State.LATE, False)
        entry = story.accept("001_y.sql", State.LATE).entry("001_y.sql")
        assert (entry.state, entry.accepted) == (State.DUPLICATE, True)


class TestFailed:
    def test_an_apply_that_left_nothing(self, story: Story) -> None:
        entry = story.write(A).apply(A, FAILED, error="no such table").entry(A)
        assert (entry.state, entry.applied, entry.act) == (State.FAILED, False, story.acts[0])
        assert entry.note == "the apply failed: no such table (0 of 2 statements committed)"

    def test_an_apply_that_left_something(self, story: Story) -> None:
        entry = story.write(A, IN_STEPS).apply(A, FAILED, done=1).write(A, IN_STEPS + "\n").entry(A)
        assert (entry.state, entry.applied) == (State.FAILED, False)
        assert entry.note == "the apply failed (1 of 2 statements committed); the file has changed since"

    def test_then_done(self, story: Story) -> None:
        assert story.write(A).apply(A, FAILED).apply(A).entry(A).state is State.APPLIED

    def test_a_rollback_in_one_transaction_changed_nothing(self, story: Story) -> None:
        entry = story.write(A).apply(A).roll_back(A, FAILED, error="still needed").entry(A)
        assert (entry.state, entry.applied, entry.act) == (State.APPLIED, True, story.acts[0])
        assert entry.note == "a rollback failed and changed nothing: still needed"

    def test_and_the_file_is_edited(self, story: Story) -> None:
        entry = story.write(A).apply(A).roll_back(A, FAILED).write(A, EDITED).entry(A)
        assert (entry.state, entry.note) == (State.EDITED, "a rollback failed and changed nothing")

    @pytest.mark.parametrize("done", [0, 1])
    def test_a_rollback_in_steps_can_have_left_something(self, story: Story, done: int) -> None:
        entry = story.write(A, IN_STEPS).apply(A).roll_back(A, FAILED, done=done).entry(A)
        assert (entry.state, entry.applied, entry.act) == (State.FAILED, True, story.acts[1])
        assert entry.note == f"the rollback failed ({done} of 2 statements committed)"

    def test_a_rollback_whose_file_is_gone(self, story: Story) -> None:
        entry = story.apply(A).roll_back(A, FAILED).entry(A)
        assert (entry.state, entry.applied) == (State.FAILED, True)

    def test_a_rollback_after_an_interrupted_apply(self, story: Story) -> None:
        entry = story.write(A).apply(A, STARTED).roll_back(A, FAILED).entry(A)
        assert (entry.state, entry.applied, entry.act) == (State.INTERRUPTED, False, story.acts[0])
        assert entry.note.endswith("a rollback failed and changed nothing")


class TestInterrupted:
    def test_an_apply(self, story: Story) -> None:
        entry = story.write(A, IN_STEPS).apply(A, STARTED, done=1).entry(A)
        assert (entry.state, entry.applied, entry.act) == (State.INTERRUPTED, False, story.acts[0])
        assert entry.note == (
            "the apply was started, and its end is not recorded (1 of 2 statements committed)"
        )

    def test_a_rollback(self, story: Story) -> None:
        entry = story.write(A).apply(A).roll_back(A, STARTED).entry(A)
        assert (entry.state, entry.applied, entry.act) == (State.INTERRUPTED, True, story.acts[1])

    def test_goes_before_everything(self, story: Story) -> None:
        story.write("001_x.sql").write("001_y.sql").apply("001_x.sql", STARTED).write(B).apply(B)
        assert story.states()["001_x.sql"] == "interrupted"

    def test_applied_after_all(self, story: Story) -> None:
        assert story.write(A).apply(A, STARTED).apply(A).entry(A).state is State.APPLIED

    def test_rolled_back_after_all(self, story: Story) -> None:
        assert story.write(A).apply(A, STARTED).roll_back(A).entry(A).state is State.PENDING

    def test_accepted(self, story: Story) -> None:
        entry = story.write(A).apply(A, STARTED).accept(A, State.INTERRUPTED, "the index is there").entry(A)
        assert (entry.state, entry.accepted) == (State.INTERRUPTED, True)
        assert entry.note.endswith("accepted: the index is there")

    def test_a_second_interruption_needs_a_second_decision(self, story: Story) -> None:
        story.write(A).apply(A, STARTED).accept(A, State.INTERRUPTED).apply(A, STARTED)
        assert not story.entry(A).accepted


class TestViews:
    def test_counts_has_every_state(self, story: Story) -> None:
        found = counts(story.write(A).write(B).apply(A).entries())
        assert set(found) == set(State)
        assert {s: n for s, n in found.items() if n} == {State.APPLIED: 1, State.PENDING: 1}

    def test_problems(self, story: Story) -> None:
        story.write(A).apply(A).write(A, EDITED).write(B).apply(C).write("004_d.sql").apply(
            "004_d.sql", FAILED
        )
        assert [e.name for e in problems_of(story.entries())] == [A, B, C]

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
    for name, action, outcome, text, done, accepted in history:
        prints = Migration.from_recorded(name, text).fingerprints
        story.act(
            name,
            action,
            outcome,
            done=done,
            accepted=accepted,
            file_hash=prints.file,
            statements_hash=prints.statements,
            rollback_hash=prints.rollback,
        )
    folder = folder_of(texts)
    entries = states(folder, story.acts)
    names = [e.name for e in entries]
    assert len(set(names)) == len(names)
    assert set(texts) <= set(names)
    assert entries == tuple(sorted(entries, key=lambda e: (e.number, e.name)))
    assert entries == states(folder, list(reversed(story.acts)))
    assert all((e.migration is not None) == (e.name in texts) for e in entries)
    assert sum(counts(entries).values()) == len(entries)
    for entry in entries:
        assert entry.act is not None or not entry.applied
        assert entry.applied or entry.state not in {
            State.APPLIED,
            State.ADOPTED,
            State.EDITED,
            State.COSMETIC,
            State.ROLLBACK_EDITED,
            State.MISSING,
        }
        assert not entry.applied or entry.state not in {State.PENDING, State.LATE, State.DUPLICATE}


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
    assert {e.state for e in states(folder, story.acts)} <= {State.APPLIED}
    for name in (n for n in reversed(names) if n in prints):
        story.roll_back(name)
    assert {e.state for e in states(folder, story.acts)} <= {State.PENDING, State.DUPLICATE}
