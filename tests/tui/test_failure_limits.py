"""What the server says of a failure can be long: state and advice are to be seen all the same."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from koonj.runner.run import events
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from koonj.runner.run.failure import Failure
from koonj.tui.render.failure_lines import limited
from koonj.tui.render.result_lines import fitting_blocks
from koonj.tui.state.run import RunView
from koonj.tui.state.run_events import fold
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.toolkit.key_names import default_key
from koonj.tui.widgets.run_pane import RunPane
from support.screen import Project

NESTED = """
BEGIN;
DO $do$
BEGIN
  CREATE FUNCTION f0() RETURNS void LANGUAGE plpgsql AS $f$
  BEGIN
    RAISE EXCEPTION USING MESSAGE = 'first' || repeat(' word', 200) || ' end of the message',
      DETAIL = repeat('word ', 200) || 'end of the detail', HINT = repeat('word ', 200) || 'end of the hint';
  END $f$;
  FOR i IN 1..30 LOOP
    EXECUTE format(
      'CREATE FUNCTION f%s() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN PERFORM f%s(); END $f$', i, i - 1);
  END LOOP;
END $do$;
DO $$ BEGIN PERFORM f30(); END $$;
COMMIT;
-- Rollback: none: it fails
"""


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_long_texts_of_the_server_leave_room_for_state_and_advice(
    project: Project, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    project.write("001_fails.sql", NESTED)
    async with project.open((80, 24), Terminal(theme=theme)) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.until("show all")
        shown = " ".join(screen.text().split())
        assert "No part of 001_fails.sql was committed" in shown
        assert "Fix the cause, then press a" in shown
        assert "f0() line 3 at RAISE … 6" in shown
        assert "end of the" not in shown
        await screen.press("4", "y")
        await screen.until(lambda: bool(screen.app.clipboard))
        assert "end of the hint" in screen.app.clipboard
        assert "f30() line 1 at PERFORM" in screen.app.clipboard
        await screen.press("escape", "plus")
        await screen.until(lambda: "show all" not in screen.run())
        pane = screen.main.query_one(RunPane)
        whole = " ".join(" ".join(pane.draw(n, 80).text for n in range(pane.count())).split())
        for end in ("end of the message", "end of the detail", "end of the hint", "f30() line 1 at PERFORM"):
            assert end in whole
        await screen.press("plus")
        await screen.until("show all")


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (0, ["one two", "three", "four", "five six"]),
        (4, ["one two", "three", "four", "five six"]),
        (3, ["one two", "three", "four … 1 more line"]),
        (1, ["one two … 3 more lines"]),
    ],
)
def test_last_shown_line_of_a_text_says_how_many_are_left_out(most: int, expected: list[str]) -> None:
    assert limited("one two\nthree\nfour\nfive six", 40, most) == expected
    cut_line = limited("東京 " * 40, 30, 1)[0]
    assert cut_line.endswith(" … 6 more lines")
    assert cell_len(cut_line) <= 30


def test_texts_are_cut_only_as_far_as_the_room_demands() -> None:
    failure = Failure(
        "001_a.sql",
        Direction.APPLY,
        1,
        1,
        "001_a.sql",
        1,
        None,
        "SELECT f()",
        "P0001",
        "ERROR",
        "no",
        context="\n".join(f"frame {n}" for n in range(40)),
        target_state="No part.",
    )
    view = fold(
        RunView("local", Direction.APPLY, 0.0, ended=1.0),
        [events.RunFinished(RunResult.FAILED, failure.message, failure=failure)],
    )
    frames: dict[int, int] = {}
    for room in (99, 24, 12, 1):
        blocks, is_cut = fitting_blocks(view, 80, room, has_fills=True, key=default_key)
        shown = ["".join(part for part, _ in line) for _, lines in blocks for line in lines]
        frames[room] = sum("frame" in line for line in shown)
        assert len(shown) <= max(room, 9)
        assert is_cut is (room < 99)
        assert any("No part." in line for line in shown)
    assert list(frames.values()) == [40, 12, 3, 1]
