"""The lines above a tab in dark and light: badge, labels, and the meter of the heaviest lock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.runner.rehearse.rehearsal_wording import short_reason
from koonj.runner.rehearse.verdict import RehearsalFailure, Verdict
from koonj.tui.render.history_entry_text import entry_words
from koonj.tui.render.lock_meter import heaviest, meter
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.theme import BAD, GOOD, WAITING
from koonj.tui.toolkit.capabilities import Terminal
from support.looks import look_of
from support.recorded_rehearsals import RecordedRehearsals, lock, rehearsal
from support.screen import Project

DARK = Terminal(theme="dark")
SIZE = (120, 36)
NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)


def _trace(index: int, *locks: RelationLock) -> StatementTrace:
    return StatementTrace(index, index, "", in_transaction=True, seconds=0.0, locks=locks)


class TestMeter:
    @pytest.mark.parametrize(
        ("mode", "sign", "look"),
        [
            (LockMode.ACCESS_SHARE, "▮▯▯", GOOD),
            (LockMode.SHARE_UPDATE_EXCLUSIVE, "▮▯▯", GOOD),
            (LockMode.SHARE, "▮▮▯", WAITING),
            (LockMode.EXCLUSIVE, "▮▮▯", WAITING),
            (LockMode.ACCESS_EXCLUSIVE, "▮▮▮", BAD),
        ],
        ids=str,
    )
    def test_meter_says_what_the_lock_stops(self, mode: LockMode, sign: str, look: object) -> None:
        assert meter(mode) == (sign, look)

    def test_heaviest_lock_of_all_statements_has_all_its_relations(self) -> None:
        found = heaviest(
            [
                _trace(1, lock("users", LockMode.SHARE)),
                _trace(2, lock("documents", LockMode.ACCESS_EXCLUSIVE)),
                _trace(3, lock("notes", LockMode.ACCESS_EXCLUSIVE), lock("users", LockMode.ROW_SHARE)),
            ]
        )
        assert found is not None
        mode, names = found
        assert mode is LockMode.ACCESS_EXCLUSIVE
        assert ["documents" in names[0], "notes" in names[1], len(names)] == [True, True, 2]

    def test_no_lock_has_no_meter(self) -> None:
        assert heaviest([]) is None
        assert heaviest([_trace(1)]) is None


async def test_facts_have_labels_and_the_state_is_a_badge(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    trace = _trace(1, lock("t0", LockMode.ACCESS_EXCLUSIVE))
    recorded.set_rehearsals(
        rehearsal("001_make_t1.sql", apply=(trace,)),
        rehearsal("002_make_t2.sql"),
        rehearsal("003_make_t3.sql"),
    )
    async with tables.open(SIZE, DARK, rehearses=True, program=recorded.program) as screen:
        await screen.until("▮▮▮  ACCESS EXCLUSIVE  ")
        app = screen.app
        assert look_of(app, " ◦ pending ", 2) == ("warn", "warn-tint", True)
        assert look_of(app, "rehearsal  ◉ verified")[0] == "muted"
        assert look_of(app, "◉ verified  rollback")[0] == "ok"
        assert look_of(app, "runs       one transaction")[0] == "muted"
        assert look_of(app, "locks      ▮▮▮")[0] == "muted"
        assert look_of(app, "▮▮▮")[0] == "error"
        await screen.press("j")
        await screen.until(lambda: "▮" not in screen.text())


async def test_narrow_preview_has_no_labels(tables: Project, recorded: RecordedRehearsals) -> None:
    trace = _trace(1, lock("t0", LockMode.SHARE))
    recorded.set_rehearsals(rehearsal("001_make_t1.sql", apply=(trace,)))
    async with tables.open((80, 24), DARK, rehearses=True, program=recorded.program) as screen:
        await screen.until("▮▮▯  SHARE")
        assert "locks  " not in screen.text()
        assert "◉ verified" in screen.text()


@pytest.mark.parametrize("verdict", Verdict)
def test_reason_of_every_verdict_fits_beside_its_word(verdict: Verdict) -> None:
    found = replace(rehearsal("001_a.sql"), verdict=verdict, message="A sentence. " * 9)
    known = Rehearsals(results={"001_a.sql": found})
    short = short_reason(found)
    assert (known.reason("001_a.sql", 34), len(short) + len(verdict) <= 42) == (short, True)
    assert known.reason("001_a.sql", len(short) - 1) == ""
    assert known.reason("001_a.sql", len(found.message)) == found.message
    assert replace(known, current="001_a.sql").reason("001_a.sql", 34) == ""


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("earlier", "an earlier migration fails"),
        ("apply", "the migration fails"),
        ("rollback", "the rollback fails"),
        ("reapply", "fails when applied again"),
    ],
)
def test_short_reason_says_what_failed(phase: str, words: str) -> None:
    failure = RehearsalFailure(phase, "001_a.sql", "001_a.sql", 1, 1, 1, "no", "42704")
    assert short_reason(replace(rehearsal("001_a.sql"), verdict=Verdict.BROKEN, failure=failure)) == words


def test_role_is_left_out_where_the_entry_then_fits_in_one_line() -> None:
    entry = HistoryEntry(
        1, "001_t.sql", Action.APPLY, Outcome.DONE, "", "", "", 0, 1, NOON, NOON, None, None,
        None, None, None, "migrator", "ada", "bastion", "0.1.0", "run",
    )  # fmt: skip
    whole = entry_words(entry)
    short = whole.removesuffix(" as migrator")
    assert short.endswith(" by ada@bastion")
    assert [entry_words(entry, room) for room in (len(whole), len(whole) - 1, len(short), len(short) - 1)] == [
        whole, short, short, whole,
    ]  # fmt: skip
