"""Any history, in any order, gives states that agree with each other."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, Outcome
from koonj.migrations.migration import Migration
from koonj.migrations.state_rules import State, counts, states
from support.migration_story import COSMETIC, EDITED, IN_STEPS, ROLLBACK_EDITED, TEXT, A, B, C, Story

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
def test_any_history_gives_consistent_states(
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
def test_all_migrations_are_applied_or_pending_whatever_the_order(
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
