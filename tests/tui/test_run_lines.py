"""The lines of a run: failure, lock holder, rehearsal, retry, wrapping."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from koonj.postgres.advisory_lock import LockHolder
from koonj.runner.rehearse.events import MigrationRehearsalStarted, WaitingForScratch
from koonj.runner.run import events, lock_events
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import Failure
from koonj.tui.render.failure_lines import PLAIN_FAILURE, failure_lines
from koonj.tui.render.result_lines import result_lines
from koonj.tui.render.run_lines import Line, progress
from koonj.tui.state.run import RunView
from koonj.tui.state.run_events import fold
from koonj.tui.toolkit.strips import PLAIN, cut, side_by_side, wrap


def failure(source: str, column: int) -> Failure:
    """Return a failure at a column (1-based) of a line."""
    return Failure(
        "001_a.sql", Direction.APPLY, 1, 1, "001_a.sql", 1, column, source, "42601", "ERROR", "syntax error"
    )


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


@pytest.mark.parametrize(
    "before",
    [
        "SELECT ",
        "\tSELECT\t",
        "SELECT '東京', '大阪', ",
        "SELECT 'e\u0301\u0301', ",
        "SELECT '\x1b\u202e', ",
        "SELECT " + "a, " * 400,
        "SELECT '" + "東京" * 400 + "', ",
        "",
    ],
)
@pytest.mark.parametrize("width", [80, 120])
def test_caret_is_below_its_cell(before: str, width: int) -> None:
    lines = [
        text(line)
        for line in failure_lines(
            failure(before + "WRONG" + " more" * 99, len(before) + 1), width, PLAIN_FAILURE
        )
    ]
    at = next(i for i, line in enumerate(lines) if line.strip() == "^")
    source, caret = lines[at - 1], lines[at]
    assert cell_len(source) <= width
    assert cell_len(source[: source.index("WRONG")]) == len(caret) - 1


def test_failure_without_file_shows_no_location() -> None:
    lines = failure_lines(
        Failure(
            "",
            Direction.APPLY,
            0,
            0,
            "",
            None,
            None,
            "",
            None,
            "ERROR",
            "local: gone",
            next_steps=("Try again.",),
        ),
        80,
        PLAIN_FAILURE,
    )
    assert [text(line).split()[0] for line in lines] == ["ERROR:", "next"]


def test_lock_holder_and_waiting_time_are_shown() -> None:
    holder = LockHolder(77, "koonj", "10.0.0.7", "ada", None)
    view = fold(
        RunView("local", Direction.APPLY, 100.0),
        [lock_events.WaitingForLock(holder, 5.0, at=datetime.fromtimestamp(105, UTC))],
    )
    shown = " ".join(" ".join(text(line) for line in progress(view, 108.0, 80)).split())
    assert "waiting for the koonj lock for 0:08, held by koonj (pid 77, user ada, 10.0.0.7)" in shown


def test_koonj_process_that_uses_the_scratch_server_is_shown() -> None:
    holder = LockHolder(77, "koonj rehearse", "local", "ada", None)
    first = WaitingForScratch(holder, 0.1, at=datetime.fromtimestamp(100, UTC))
    later = WaitingForScratch(holder, 5.0, at=datetime.fromtimestamp(105, UTC))
    view = fold(RunView("local", Direction.APPLY, 100.0), [first, later])
    shown = " ".join(" ".join(text(line) for line in progress(view, 108.0, 80)).split())
    assert "on which another koonj process rehearses: koonj rehearse (pid 77, user ada, local)" in shown
    assert shown.endswith(", 8.00 s so far")
    assert len(view.log) == 1, "one line for one process"
    after = fold(view, [MigrationRehearsalStarted("001_a.sql", 1, 1)])
    assert "scratch server" not in " ".join(text(line) for line in progress(after, 108.0, 80))


def test_rehearsal_for_the_plan_is_not_shown_as_apply() -> None:
    view = fold(
        RunView("local", Direction.APPLY, 0.0),
        [MigrationRehearsalStarted("007_a.sql", 1, 2, at=datetime.fromtimestamp(1, UTC))],
    )
    assert text(progress(view, 5.0, 80)[0]) == " rehearsing 007_a.sql  1 of 2  0:05"


def test_retry_counts_down() -> None:
    retry = events.Retrying("m", 2, 5, "55P03", "lock timeout", 4.0, at=datetime.fromtimestamp(100, UTC))
    view = fold(RunView("local", Direction.APPLY, 100.0), [retry])
    assert "attempt 2 of 5 in 3 s" in text(progress(view, 101.0, 80)[1])


@pytest.mark.parametrize("width", [8, 20, 76])
@pytest.mark.parametrize(
    "said", ["a b c " * 99, "x" * 500, "東京" * 99, "e\u0301" * 200, " " * 300, "", "a\n\nb", "\u0301" * 999]
)
def test_wrapping_keeps_all_letters_and_the_width(said: str, width: int) -> None:
    lines = wrap(said, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(said.split())


def test_omitted_text_is_marked() -> None:
    assert wrap("one two three four five six", 10, 2) == ["one two", "three …"]
    assert cut("東京大阪", 5) == "東京…"


def test_number_and_its_unit_stay_on_one_line() -> None:
    assert wrap("1 statement, 0.057 s", 18) == ["1 statement,", "0.057 s"]
    assert wrap("it waited for 12 sessions", 17) == ["it waited for 12", "sessions"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a constraint_of_the_models_id", ["a", "constraint_of_the_models_id"]),
        ("notice: a constraint_of_the_model_id, 2", ["notice: a", "constraint_of_the_model_id,", "2"]),
        ("  constraint_of_the_models_id", ["constraint_of_the_models_id"]),
        (
            "in db/migrations/016_status_of_documents.sql:4:5",
            ["in db/migrations/", "016_status_of_documents.sql:", "4:5"],
        ),
        ("x " + "y" * 30, ["x " + "y" * 26, "yyyy"]),
    ],
    ids=["after a short word", "after half a line", "indented", "too long, with signs", "too long"],
)
def test_only_a_word_wider_than_the_line_is_broken(said: str, expected: list[str]) -> None:
    assert wrap(said, 28) == expected


def test_keys_stand_side_by_side_and_none_is_broken() -> None:
    items = [[("a", PLAIN), (" edit 016 ", PLAIN)], [("b", PLAIN), (" 東京 ", PLAIN)], [("c", PLAIN)]]
    assert [text(line) for line in side_by_side(items, 18)] == ["a edit 016 b 東京 ", "c"]
    assert [text(line) for line in side_by_side(items, 17)] == ["a edit 016 ", "b 東京 c"]
    assert [text(line) for line in side_by_side(items, 17, most=1)] == ["a edit 016 "]
    assert [text(line) for line in side_by_side(items, 3)] == ["a edit 016 ", "b 東京 ", "c"]
    assert side_by_side([], 10) == []


def test_the_same_hint_of_several_conflicts_is_said_once() -> None:
    lossy = [
        Conflict(f"00{n}.sql", "lossy", f"00{n}.sql: it loses data", "Look.", can_allow=True) for n in (1, 2)
    ]
    late = Conflict("003.sql", "late", "003.sql is late.", "Renumber.", can_allow=True)
    end = events.RunFinished(result=events.RunResult.REFUSED, message="", conflicts=(*lossy, late, lossy[0]))
    view = RunView("local", Direction.APPLY, 0.0, finished=end, ended=1.0)
    assert [text(line).strip() for line in result_lines(view, 80)][1:] == [
        "! 001.sql: lossy: it loses data",
        "! 002.sql: lossy: it loses data",
        "Look.",
        "! 003.sql: late: is late.",
        "Renumber.",
        "! 001.sql: lossy: it loses data",
        "Look.",
    ]
