"""Golden tests of the looks of `dark` and `light`: text, then the ink and the fill of each cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.tui.render import target_facts
from koonj.tui.screens.editor import Editor
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets import migration_columns
from koonj.tui.widgets.matrix_pane import MatrixPane
from support.looks import look_grid, plain
from support.screen import Project, Screen, apply, masked

SIZES = [(80, 24), (120, 36), (200, 50)]
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def states(three_targets: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(three_targets.root)
    monkeypatch.setattr(target_facts, "round_trip_words", lambda _: "0.5 ms")
    monkeypatch.setattr(migration_columns, "column_seconds", lambda _: "0.01")
    for number in range(1, 4):
        three_targets.table(number)
    return three_targets


def _shown(screen: Screen) -> str:
    return masked(screen.lines()) + "\n" + plain(look_grid(screen.app))


def _compare(request: pytest.FixtureRequest, screen: Screen, name: str) -> None:
    path, shown = GOLDEN / f"looks_{name}.txt", _shown(screen)
    if request.config.getoption("golden") == "write":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8"), f"{name} looks different; --golden=write accepts it"


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.usefixtures("pinned")
async def test_looks_match_golden(
    states: Project, request: pytest.FixtureRequest, size: tuple[int, int], theme: str
) -> None:
    """Both themes have the same tokens in the same cells, so they share a golden file."""
    async with states.open(size, Terminal(theme=theme)) as screen:
        await apply(screen)
        edited = screen.folder / "002_make_t2.sql"
        edited.write_text(edited.read_text().replace("id int", "id bigint"))
        for number in (4, 5):
            states.table(number)
        await screen.press("R")
        await screen.until("✎ edited")
        screen.main.migrations.select("004_make_t4.sql")
        await screen.until("004_make_t4.sql")
        await screen.until(lambda: screen.main.preview.document is not None)
        await screen.until(lambda: all(c.since is None for c in screen.main.snapshot.checks))
        await screen.until(lambda: not screen.main.migrations.modes.is_reading)
        await screen.pilot.pause(0.1)
        _compare(request, screen, f"main_{size[0]}")
        await screen.press("2")
        await screen.pilot.pause()
        _compare(request, screen, f"preview_{size[0]}")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.usefixtures("pinned")
async def test_looks_of_the_other_screens_match_golden(
    states: Project, request: pytest.FixtureRequest, size: tuple[int, int], theme: str
) -> None:
    async with states.open(size, Terminal(theme=theme)) as screen:
        await apply(screen)
        await screen.press("T")
        await screen.until("3 targets, 3 migrations")
        pane = screen.app.screen.query_one(MatrixPane)
        await screen.until(lambda: all(c.since is None and c.status for c in pane.view.columns))
        await screen.until(lambda: pane.view.same_inputs(screen.main.snapshot, frozenset(), every=False))
        await screen.pilot.pause()
        _compare(request, screen, f"matrix_{size[0]}")
        await screen.press("escape", "H")
        await screen.until("3 entries, newest first")
        await screen.pilot.pause()
        _compare(request, screen, f"history_{size[0]}")
        await screen.press("enter")
        await screen.until("This machine has no journal of the run.")
        await screen.until("CREATE TABLE t3")
        await screen.pilot.pause()
        _compare(request, screen, f"history_entry_{size[0]}")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.usefixtures("pinned")
async def test_looks_of_the_editor_match_golden(
    states: Project, request: pytest.FixtureRequest, size: tuple[int, int], theme: str
) -> None:
    states.write("004_wrong.sql", "-- A line without an end.\nBEGIN;\nSELECT 'open;\nCOMMIT;\n")
    async with states.open(size, Terminal(theme=theme)) as screen:
        screen.main.migrations.select("004_wrong.sql")
        await screen.press("i")
        await screen.until(lambda: isinstance(screen.app.screen, Editor))
        editor = screen.app.screen
        assert isinstance(editor, Editor)
        await screen.until(lambda: bool(editor.text.looks.problems_at(2)))
        await screen.pilot.pause()
        _compare(request, screen, f"editor_{size[0]}")
        await screen.type("-")
        await screen.press("f4")
        await screen.until("changed, not saved")
        # The text is examined again: what was typed moved the quote.
        await screen.until("3:9 check")
        await screen.pilot.pause()
        _compare(request, screen, f"editor_problems_{size[0]}")
