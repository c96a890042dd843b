"""The journal of a run: head, lines, retention, and what a reader makes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from koonj.runner.process import journal as journal_module
from koonj.runner.process.control_fifo import ask_to_cancel
from koonj.runner.process.followed_run import FollowedRun
from koonj.runner.process.journal import Journal, JournalError, open_journal
from koonj.runner.process.journal_head import SIZE, JournalHead, decode, encode, new_head
from koonj.runner.process.journal_lines import MOST_NOTICES, JournalLines, events_of_line
from koonj.runner.process.journal_reader import JournalReader, known_runs
from koonj.runner.process.retention import delete_old_journals
from koonj.runner.run.direction import Direction
from koonj.runner.run.event_codec import event_from_plain, event_to_plain
from koonj.runner.run.events import (
    Event,
    JournalBroken,
    MigrationFinished,
    MigrationStarted,
    Notice,
    RunFinished,
    RunResult,
    RunStarted,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.fleet_events import FleetFinished, FleetPlanned, FleetStarted, Outcome, TargetResult
from koonj.runner.run.target_event import TargetEvent
from koonj.tui.workers.past_runs import runs_of

STARTED = RunStarted("3f2a91c4-8f1e-4c7c-9d53-0a1b2c3d4e5f", "local", Direction.APPLY)
DONE = RunFinished(RunResult.DONE, "Applied 1 migration.")


def _migration(name: str, *, in_transaction: bool = True) -> MigrationStarted:
    return MigrationStarted(name, Direction.APPLY, 1, 2, 1, in_transaction)


def _statement(name: str) -> tuple[StatementStarted, StatementFinished]:
    return StatementStarted(name, 1, 1, 2, "select"), StatementFinished(name, 1, 1, "SELECT 1", 0.01)


def _finished(name: str) -> MigrationFinished:
    return MigrationFinished(name, Direction.APPLY, 0.01, 1)


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Journal]]:
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    found: list[Journal] = []
    yield found
    for one in found:
        os.close(one.descriptor)
        os.close(one.control)


def _open(opened: list[Journal], head: JournalHead | None = None) -> Journal:
    opened.append(open_journal(head or new_head(replace(STARTED, run_id=str(uuid4())), Path("/x"))))
    return opened[-1]


async def _followed(journal: Journal) -> list[Event]:
    return [event async for event in FollowedRun(journal.files, journal.head).events()]


# The head


@pytest.mark.parametrize(
    "text", ["", "x" * 5000, "\N{GRINNING FACE}" * 2000, "\udcff" * 2000, '"\\\n\x00' * 500], ids=range(5)
)
def test_head_always_fits_and_is_read_back(text: str) -> None:
    texts: dict[str, Any] = dict.fromkeys(("target", "folder", "user", "host", "migration", "message"), text)
    head = replace(new_head(STARTED, Path("/srv")), **texts)
    raw = encode(head)
    assert len(raw) == SIZE
    assert raw.endswith(b"\n")
    found = decode(raw)
    assert found is not None
    assert text.startswith(found.message)
    assert (found.run, found.pid, found.started) == (head.run, head.pid, head.started)


def test_head_that_is_being_written_is_not_believed() -> None:
    first = new_head(STARTED, Path("/srv"))
    second = replace(first, committed=7, migration="007_x.sql", wanted=9)
    middle = encode(first).index(b'"committed"')  # `wanted` is before it
    mixed = encode(second)[:middle] + encode(first)[middle:]
    assert decode(encode(first)) == first
    assert decode(mixed) is None
    assert decode(encode(first)[:300]) is None
    assert decode(b"[]".ljust(SIZE)) is None


# The lines


def _lines(*events: Event, at: float = 0.0) -> list[dict[str, Any]]:
    lines = JournalLines()
    return [line for event in events for line in lines.add(event, at)]


def test_fast_migration_in_a_transaction_is_one_line_and_two_events() -> None:
    (line,) = _lines(_migration("1"), *_statement("1"), done := _finished("1"))
    started, finished = events_of_line(line)
    assert isinstance(started, MigrationStarted)
    assert (started.name, started.index, started.of, started.in_transaction) == ("1", 1, 2, True)
    assert finished == done
    assert finished.at - started.at == timedelta(seconds=0.01)


def test_statement_outside_a_transaction_has_its_lines() -> None:
    events = [_migration("1", in_transaction=False), *_statement("1"), _finished("1")]
    assert [events_of_line(line) for line in _lines(*events)] == [(event,) for event in events]


def test_statement_that_runs_long_gets_its_lines_when_it_has() -> None:
    lines, (begin, end) = JournalLines(), _statement("1")
    assert list(lines.add(_migration("1"), 0.0)) == list(lines.add(begin, 0.05)) == []
    assert list(lines.due(0.09)) == []
    assert [line["event"] for line in lines.due(0.16)] == ["migration_started", "statement_started"]
    assert [line["event"] for line in lines.add(end, 0.3)] == ["statement_finished"]
    assert [line["event"] for line in lines.add(begin, 0.31)] == []
    assert [line["event"] for line in lines.add(_finished("1"), 0.32)] == ["migration_finished"]
    assert not lines.holds


def test_a_migration_of_many_short_statements_says_that_it_runs() -> None:
    lines, (begin, end) = JournalLines(), _statement("1")
    assert list(lines.add(_migration("1"), 0.0)) == []
    for moment in (0.02, 0.04, 0.06, 0.08):
        assert list(lines.add(begin, moment)) == list(lines.add(end, moment)) == []
    assert [line["event"] for line in lines.due(0.11)] == ["migration_started"]


def test_messages_of_the_server_are_bounded() -> None:
    many = [Notice("1", "NOTICE", "x" * 10_000)] * (MOST_NOTICES + 25)
    found = _lines(_migration("1"), *many, _finished("1"), _migration("2"), many[0], _finished("2"))
    notices = [line for line in found if line["event"] == "notice"]
    assert len(notices) == MOST_NOTICES + 2
    assert len(notices[0]["message"]) < 8200
    assert notices[-2]["message"] == "25 more messages of the server are not in the journal of the run."
    assert found[0]["event"] == "migration_started"


def test_every_event_of_a_later_version_is_skipped() -> None:
    assert event_from_plain({**event_to_plain(STARTED), "event": "unheard_of"}) is None
    assert event_from_plain({**event_to_plain(STARTED), "more": 1}) == STARTED


# Writing and reading


async def test_reader_gets_what_was_recorded(opened: list[Journal]) -> None:
    journal = _open(opened)
    events = [STARTED, _migration("1", in_transaction=False), _finished("1"), DONE]
    for event in events:
        journal.record(event)
    assert await _followed(journal) == events
    (run,) = known_runs()
    assert (run.alive, run.head.result, run.head.committed) == (True, RunResult.DONE, 1)


async def test_result_survives_when_its_line_is_lost(
    opened: list[Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = _open(opened)
    journal.record(STARTED)
    journal.flush()
    with monkeypatch.context() as disk:
        disk.setattr(Journal, "_write", _disk_full)
        for _ in range(journal_module.KEPT_LINES + 50):
            journal.record(_migration("1", in_transaction=False))
        journal.record(DONE)
    assert await _followed(journal) == [STARTED, RunFinished(RunResult.DONE, DONE.message, at=_any_time())]
    assert known_runs()[0].head.lost == 51 + journal_module.KEPT_LINES  # known together with the result
    journal.flush()
    assert known_runs()[0].head.lost == 51
    assert len(await _followed(journal)) == 1 + journal_module.KEPT_LINES


def _disk_full(journal: Journal, data: bytes) -> None:
    os.pwrite(journal.descriptor, data[:-1], journal.end)  # a part can be written
    raise OSError(28, "No space left on device")


class _AnyTime(datetime):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, datetime)

    __hash__ = datetime.__hash__


def _any_time() -> datetime:
    return _AnyTime.now(UTC)


def test_run_that_ends_between_two_looks_has_its_result(
    opened: list[Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = _open(opened)
    is_locked = JournalReader.is_locked

    def end_first(reader: JournalReader) -> bool:
        journal.record(DONE)
        journal.close()
        opened.remove(journal)
        return is_locked(reader)

    monkeypatch.setattr(JournalReader, "is_locked", end_first)
    (run,) = known_runs()
    assert (run.alive, run.head.result) == (False, RunResult.DONE)


async def test_journal_without_result_is_broken_and_never_failed(opened: list[Journal]) -> None:
    journal = _open(opened)
    journal.record(STARTED)
    journal.flush()
    os.pwrite(journal.descriptor, b'{"event": "run_fin', journal.end)  # a torn line
    os.close(journal.descriptor)
    journal.descriptor = os.open(os.devnull, os.O_RDONLY)
    started, broken = await _followed(journal)
    assert started == STARTED
    assert isinstance(broken, JournalBroken)
    assert (broken.pid, broken.lost, broken.errors) == (os.getpid(), 0, "")


def test_journal_has_a_limit(opened: list[Journal], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MOST_BYTES", 4096)
    journal = _open(opened)
    for _ in range(200):
        journal.record(_migration("1", in_transaction=False))
        journal.flush()
    journal.record(DONE)
    assert journal.files.journal.stat().st_size < 5000
    assert journal.head.lost > 100
    assert json.loads(journal.files.journal.read_bytes().splitlines()[-1])["event"] == "run_finished"


def test_files_are_private_and_never_follow_a_link(opened: list[Journal], tmp_path: Path) -> None:
    journal = _open(opened)
    assert {path.stat().st_mode & 0o777 for path in (journal.files.journal, journal.files.control)} == {0o600}
    head = new_head(STARTED, Path("/x"))
    stem = f"{head.started:%Y%m%dT%H%M%SZ}-local-3f2a91c4"
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (journal.files.folder / f"{stem}.jsonl").symlink_to(victim)
    other = _open(opened, head)
    assert victim.read_text() == "mine"
    assert other.files.folder != journal.files.folder


def test_journals_that_others_could_have_written_are_not_shown(opened: list[Journal]) -> None:
    journal = _open(opened)
    assert [run.id for run in known_runs()] == [journal.head.run]
    journal.files.folder.chmod(0o777)
    assert known_runs() == []


def test_folder_of_somebody_else_is_not_used(home: Path, tmp_path: Path) -> None:
    (tmp_path / f"koonj-{os.geteuid()}").mkdir(mode=0o777)
    (tmp_path / f"koonj-{os.geteuid()}").chmod(0o777)
    environ = {"XDG_STATE_HOME": "/dev/null", "TMPDIR": str(tmp_path)}
    with pytest.raises(JournalError, match="Cannot create /dev/null"):
        open_journal(new_head(STARTED, Path("/x")), environ)


def test_cancel_of_a_run_that_has_ended_is_told(opened: list[Journal]) -> None:
    journal = _open(opened)
    ask_to_cancel(journal.files.control)
    assert json.loads(os.read(journal.control, 4096))["do"] == "cancel"
    os.close(journal.control)
    journal.control = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(ProcessLookupError):
        ask_to_cancel(journal.files.control)


async def test_cancel_of_a_run_on_another_host_names_the_host(opened: list[Journal]) -> None:
    journal = _open(opened)
    run = FollowedRun(journal.files, replace(journal.head, host="bastion2"))
    with pytest.raises(OSError, match="bastion2"):
        await run.cancel()


# Retention


def _ended(opened: list[Journal], days: float, result: RunResult | None, fleet: str = "") -> Path:
    started = datetime.now(UTC) - timedelta(days=days)
    made = new_head(replace(STARTED, run_id=str(uuid4())), Path("/x"))
    head = replace(made, started=started, result=result, fleet=fleet)
    journal = open_journal(head)
    journal.forget()
    return journal.files.journal


def test_old_journals_are_deleted_and_those_in_progress_are_kept(
    opened: list[Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    new = [_ended(opened, 29, RunResult.DONE), _ended(opened, 89, RunResult.FAILED), _ended(opened, 89, None)]
    old = [_ended(opened, 31, RunResult.DONE), _ended(opened, 91, RunResult.FAILED), _ended(opened, 91, None)]
    live = _open(
        opened, replace(new_head(STARTED, Path("/x")), started=datetime.now(UTC) - timedelta(days=400))
    )
    delete_old_journals()
    assert [path.exists() for path in new] == [True] * 3
    assert [path.exists() for path in old] == [False] * 3
    assert live.files.journal.exists()
    assert not any(path.with_suffix(".ctl").exists() for path in old)
    monkeypatch.setattr("koonj.runner.process.retention.MOST", 1)
    latest = _ended(opened, 1, RunResult.DONE)
    delete_old_journals()
    assert latest.exists()
    assert [path.exists() for path in new] == [False, False, True]
    parts = [_ended(opened, 0, RunResult.DONE, fleet="f1e7") for _ in range(3)]
    delete_old_journals()
    assert all(path.exists() for path in (*parts, latest))  # parts are not counted


async def test_journal_of_several_targets_has_the_lines_of_each_and_their_counts(
    opened: list[Journal],
) -> None:
    results = [TargetResult(name, Outcome.PLANNED, not_run=("001_a.sql",)) for name in "ab"]
    planned = FleetPlanned(tuple(results), (), (("a", "b"),), 2, 1)
    events: list[Event] = [FleetStarted(str(uuid4()), ("a", "b"), Direction.APPLY), planned]
    for kind in (_migration("001_a.sql"), MigrationFinished("001_a.sql", Direction.APPLY, 0.001, 1)):
        events += [TargetEvent(name, kind, at=kind.at) for name in "ab"]
    journal = _open(opened, new_head(events[0], Path("/x")))  # type: ignore[arg-type]
    for event in events:
        journal.record(event)
    journal.flush()
    assert (journal.head.target, journal.head.targets) == ("", 2)
    assert (journal.head.committed, journal.head.wanted) == (2, 2)
    with JournalReader(journal.files) as reader:
        first, second, *others = reader.new_events()
    assert [first, second] == events[:2]
    assert [(e.target, type(e.event)) for e in others if isinstance(e, TargetEvent)] == [
        (name, kind) for name in "ab" for kind in (MigrationStarted, MigrationFinished)
    ]
    assert others[1] == events[4]
    end = FleetFinished(RunResult.DONE, "Applied.", tuple(results))
    journal.record(end)
    assert (await _followed(journal))[-1] == end
    os.ftruncate(journal.descriptor, SIZE)  # all lines are lost
    assert await _followed(journal) == [FleetFinished(RunResult.DONE, "Applied.", at=_any_time())]
    assert [run.head.targets for run in runs_of(Path("/x"))] == [2], "the screen follows it as one"


def test_reader_needs_a_journal(tmp_path: Path, opened: list[Journal]) -> None:
    journal = _open(opened)
    (journal.files.folder / "notes.jsonl").write_text("hello")
    assert [run.id for run in known_runs()] == [journal.head.run]
    with JournalReader(journal.files) as reader:
        assert list(reader.new_events()) == []
