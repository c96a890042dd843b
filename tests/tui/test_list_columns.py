"""The columns of a wide list: what is in them, in which order, and that none moves when a value comes."""

from __future__ import annotations

import psycopg
import pytest

from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets import migration_columns, run_modes
from support.recorded_rehearsals import RecordedRehearsals, rehearsal
from support.screen import Project, Screen, apply

WIDE = (200, 50)
DARK = Terminal(theme="dark")
COMMITS_TWICE = """
BEGIN;
CREATE TABLE a (id int);
COMMIT;
BEGIN;
CREATE TABLE b (id int);
COMMIT;
"""
OUTSIDE = "CREATE INDEX CONCURRENTLY t1_by_id ON t1 (id);\n"


def _headings(screen: Screen) -> str:
    return next(line for line in screen.pane("1") if line.lstrip().startswith("#"))


def _cell(screen: Screen, row: str, heading: str) -> str:
    """Return the first word in a column of a row."""
    line, start = screen.row(row), _headings(screen).index(f" {heading}") + 1
    assert line[start - 1 : start] in {"", " "}
    return line[start:].split("  ")[0].strip()


async def test_columns_are_in_the_order_of_the_looks(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open(WIDE, DARK, rehearses=True, program=("false",)) as screen:
        await screen.press("plus")
        words = _headings(screen).split()
    expected = ["#", "name", "local", "staging", "▴", "production", "rehearsal", "runs", "locks"]
    assert words == [*expected, "applied", "by", "took", "s"]


async def test_list_without_room_for_another_column_is_that_of_a_narrow_screen(
    three_targets: Project,
) -> None:
    three_targets.table(1)
    async with three_targets.open((154, 36), DARK, rehearses=True, program=("false",)) as screen:
        assert _headings(screen).split() == ["#", "name", "state", "rehearsal"]


async def test_columns_of_the_past_are_filled_for_what_ran_also_if_its_file_was_edited(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    for number in (1, 2):
        project.table(number)
    async with project.open(WIDE, DARK) as screen:
        await apply(screen)
        path = screen.folder / "002_make_t2.sql"
        path.write_text(path.read_text().replace("id int", "id bigint"))
        project.table(3)
        await screen.press("R")
        await screen.until("✎ edited")
        await screen.until("003")
        for row in ("001", "002"):
            assert _cell(screen, row, "by") == "ada", row
            assert _cell(screen, row, "applied"), row
            assert float(screen.row(row).split()[-1]) >= 0, row
        assert _cell(screen, "003", "by") == _cell(screen, "003", "applied") == ""


async def test_an_adopted_migration_took_no_time(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration_columns, "column_seconds", lambda _: "7.77")
    monkeypatch.setenv("LOGNAME", "ada")
    project.table(1)
    async with project.open(WIDE, DARK) as screen:
        await apply(screen)
        assert "7.77" in screen.row("001")
    await _make_adopted(project)
    async with project.open(WIDE, DARK) as screen:
        assert _cell(screen, "001", "by") == "ada"
        assert "7.77" not in screen.row("001")


async def _make_adopted(project: Project) -> None:
    async with await psycopg.AsyncConnection.connect(str(project.targets[0].dsn)) as conn:
        await conn.execute("UPDATE koonj.history SET action = 'adopt'")


async def test_runs_says_how_each_migration_commits(project: Project) -> None:
    project.table(1)
    project.write("002_twice.sql", COMMITS_TWICE)
    project.write("003_outside.sql", OUTSIDE)
    project.write("004_nothing.sql", "-- nothing\n")
    async with project.open(WIDE, DARK) as screen:
        await screen.until(lambda: not screen.main.migrations.modes.is_reading)
        found = [_cell(screen, row, "runs") for row in ("001", "002", "003", "004")]
    assert found == ["one", "several", "outside", ""]


async def test_a_large_file_is_not_parsed_for_its_row(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_modes, "LARGEST", 200)
    project.table(1)
    project.write("002_large.sql", "-- " + "x" * 500 + "\nCREATE TABLE a (id int);\n")
    async with project.open(WIDE, DARK) as screen:
        await screen.until(lambda: _cell(screen, "001", "runs") == "one")
        assert not screen.main.migrations.modes.is_reading
        assert _cell(screen, "002", "runs") == ""


@pytest.mark.parametrize("size", [(80, 24), (120, 36), WIDE], ids=str)
@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_an_appearing_verdict_moves_nothing(
    tables: Project, recorded: RecordedRehearsals, size: tuple[int, int], theme: str
) -> None:
    for number in (1, 2, 3):
        recorded.pause_at(f"{number:03}_make_t{number}.sql")
    terminal = Terminal(theme=theme)
    async with tables.open(size, terminal, rehearses=True, program=recorded.program) as screen:
        before = screen.row("002 make_t2")
        head = screen.pane("1")[0]
        for number in (1, 2, 3):
            recorded.resume(f"{number:03}_make_t{number}.sql")
        await screen.until(lambda: len(screen.main.snapshot.rehearsals.results) == 3)
        await screen.until(lambda: "◔" in screen.row("002 make_t2"))
        assert screen.row("002 make_t2").startswith(before.rstrip()[: before.index("pending")])
        assert screen.pane("1")[0] == head


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_a_long_state_leaves_the_verdicts_their_words(
    project: Project, recorded: RecordedRehearsals, theme: str
) -> None:
    for number in (1, 2):
        project.table(number)
    async with project.open((120, 36)) as screen:
        await apply(screen)
    project.table(3)
    path = screen.folder / "001_make_t1.sql"
    path.write_text(path.read_text().replace("DROP TABLE", "DROP TABLE IF EXISTS"))
    recorded.set_rehearsals(rehearsal("003_make_t3.sql"))
    async with project.open(
        (120, 36), Terminal(theme=theme), rehearses=True, program=recorded.program
    ) as screen:
        await screen.until(lambda: "◉ verified" in screen.row("003 make_t3"))
        assert "↶ rollback… " in screen.row("001 make_t1")


async def test_all_columns_fit_beside_the_targets_at_200_cells(three_targets: Project) -> None:
    three_targets.table(1)
    three_targets.write("002_a_name_of_thirty_five_cells_in_it.sql", "SELECT 1;\n-- Rollback: none: x\n")
    async with three_targets.open(WIDE, DARK, rehearses=True, program=("false",)) as screen:
        assert _headings(screen).split()[-4:] == ["applied", "by", "took", "s"]
        assert "a_name_of_thirty_five_cells_in_it" in screen.row("002")


@pytest.mark.parametrize(("zoomed", "shown"), [(True, "↶ rollback edited"), (False, "↶ rollback…")])
async def test_state_on_another_target_is_whole_if_there_is_room(
    three_targets: Project, *, zoomed: bool, shown: str
) -> None:
    three_targets.table(1)
    three_targets.write(f"002_{'long_' * 7}name.sql", "SELECT 1;\n-- Rollback: none: x\n")
    async with three_targets.open(WIDE, DARK, rehearses=True, program=("false",)) as screen:
        await apply(screen)
        path = screen.folder / "001_make_t1.sql"
        path.write_text(path.read_text().replace("DROP TABLE", "DROP TABLE IF EXISTS"))
        await screen.press("t", "j", "enter", "1")
        await screen.until(lambda: screen.main.snapshot.chosen == "staging")
        if zoomed:
            await screen.press("plus")
        await screen.until(lambda: shown + "  " in screen.row("001"))
