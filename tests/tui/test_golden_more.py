"""Golden tests of tabs, states, dialogs and small terminals; also without colour and in ASCII."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from psycopg import AsyncConnection

from koonj.tui.screens.allow_dialog import AllowDialog
from koonj.tui.screens.dialog import Dialog
from koonj.tui.screens.quit_dialog import QuitDialog
from koonj.tui.toolkit.capabilities import Terminal
from support.screen import Golden, Project, Screen

Steps = Callable[[Screen], Awaitable[None]]
SIZES = [(80, 24), (120, 36)]


@pytest.fixture
def tables(three_targets: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Four tables; the third target cannot be reached."""
    monkeypatch.chdir(three_targets.root)
    for number in range(1, 5):
        three_targets.table(number)
    return three_targets


async def _apply_all(screen: Screen) -> None:
    await screen.press("A")
    await screen.expect_dialog()
    await screen.yes()
    await screen.expect_run("done")
    await screen.press("escape", "1", "g")


async def _all_answered(screen: Screen) -> None:
    """Wait until no target is being refreshed, since the screen shows that."""
    await screen.until(lambda: all(check.since is None for check in screen.main.snapshot.checks))


async def _statements(screen: Screen) -> None:
    await screen.press("v", "v")
    await screen.until("create table t1")


async def _changes(screen: Screen) -> None:
    await _apply_all(screen)
    path = screen.folder / "001_make_t1.sql"
    path.write_text(path.read_text().replace("int PRIMARY KEY", "bigint PRIMARY KEY"))
    await screen.press("R")
    await screen.until("✎ edited")
    await _all_answered(screen)
    await screen.press("v", "v", "v")
    await screen.until("+ the file now")


async def _history(screen: Screen) -> None:
    await _apply_all(screen)
    await screen.press("left_square_bracket")
    await screen.until(lambda: "ada@bastion" in screen.preview())


async def _filter(screen: Screen) -> None:
    await screen.press("slash")
    await screen.type("t3")
    await screen.until("/t3")


async def _targets(screen: Screen) -> None:
    await screen.press("3", "G")
    await screen.until("refused")


async def _zoom(screen: Screen) -> None:
    await screen.press("2", "plus")
    await screen.until("zoomed")


async def _commands(screen: Screen) -> None:
    await screen.press("colon")
    await screen.type("ro")
    await screen.until("roll-back-last")


async def _help(screen: Screen) -> None:
    await screen.press("question_mark", "slash")
    await screen.type("filter")
    await screen.until(lambda: isinstance(screen.app.screen, Dialog))


async def _copied(screen: Screen) -> None:
    await screen.press("y")
    await screen.until(lambda: isinstance(screen.app.screen, Dialog))


async def _editor(screen: Screen) -> None:
    (screen.folder / "001_make_t1.sql").write_text("BEGIN;\nCREATE TABLE t1 (id int);\n")
    await screen.press("R")
    await screen.press("i")
    await screen.until("problem")


async def _unsaved(screen: Screen) -> None:
    await screen.press("i")
    await screen.until("saved")
    await screen.type("x")
    await screen.until("not saved")
    await screen.press("escape")
    await screen.until(lambda: isinstance(screen.app.screen, Dialog))


async def _protected(screen: Screen) -> None:
    await screen.press("3", "j", "enter", "1")
    await screen.until("► staging")
    await screen.press("A")
    await screen.expect_dialog("staging")


async def _allow(screen: Screen) -> None:
    await _apply_all(screen)
    (screen.folder / "001_make_t1.sql").unlink()
    (screen.folder / "005_make_t5.sql").write_text("CREATE TABLE t5 ();\n-- Rollback:\n-- DROP TABLE t5;\n")
    await screen.press("R")
    await screen.until(lambda: "missing" in screen.text() and "1 pending" in screen.top())  # two changes
    await _all_answered(screen)
    await screen.press("A")
    await screen.until(lambda: isinstance(screen.app.screen, AllowDialog))


async def _leave(screen: Screen) -> None:
    path = screen.folder / "001_make_t1.sql"
    path.write_text("BEGIN;\nSELECT pg_sleep(60);\nCOMMIT;\n-- Rollback: none: it waits\n")
    await screen.press("R")
    await screen.until("pg_sleep")
    await screen.press("a")
    await screen.expect_dialog()
    await screen.yes()
    await screen.until("statement 1 of 1")
    await screen.press("q")
    await screen.until(lambda: isinstance(screen.app.screen, QuitDialog))


async def _typed_name(screen: Screen) -> None:
    await screen.press("a")
    await screen.expect_dialog("PROTECTED")


async def _field_error(screen: Screen) -> None:
    await screen.press("n")
    await screen.until("Tables")
    await screen.type("add_column")
    await screen.until("─ Add a column")
    await screen.press("enter", "enter", "enter", "enter", "enter")


SCREENS: dict[str, Steps] = {
    "allow": _allow,
    "field_error": _field_error,
    "statements": _statements,
    "changes": _changes,
    "history": _history,
    "filter": _filter,
    "targets": _targets,
    "zoom": _zoom,
    "commands": _commands,
    "help_searched": _help,
    "copied": _copied,
    "editor": _editor,
    "unsaved": _unsaved,
    "other_target": _protected,
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", SCREENS)
async def test_screens_match_golden(
    tables: Project, golden: Golden, name: str, size: tuple[int, int]
) -> None:
    async with tables.open(size) as screen:
        await SCREENS[name](screen)
        await golden(screen, f"{name}_{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_protected_target_dialog_matches_golden(
    protected: Project, golden: Golden, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(protected.root)
    protected.table(1)
    async with protected.open(size) as screen:
        await _typed_name(screen)
        await golden(screen, f"protected_{size[0]}")


async def test_quit_dialog_opens_during_a_run(tables: Project) -> None:
    async with tables.open((80, 24)) as screen:
        await _leave(screen)
        assert "w wait and quit  c cancel and quit  Esc keep koonj open" in screen.text()
        await screen.press("escape")
        await screen.cancel_run()
        await screen.expect_run("cancelled")


@pytest.mark.parametrize("name", ["statements", "targets", "commands"])
async def test_screen_without_colour_has_same_text(tables: Project, golden: Golden, name: str) -> None:
    async with tables.open((80, 24), Terminal(colour=False)) as screen:
        await SCREENS[name](screen)
        await golden(screen, f"{name}_80")


async def test_forty_columns_and_twelve_lines_match_golden(tables: Project, golden: Golden) -> None:
    async with tables.open((40, 12)) as screen:
        await golden(screen, "open_40")
        await screen.press("2")
        await screen.pilot.pause()
        await golden(screen, "preview_40")
        await screen.press("1", "a")
        await screen.expect_dialog("Apply 1 migration to local?")
        assert "y apply" in screen.text()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])
async def test_every_state_matches_golden(
    tables: Project, golden: Golden, size: tuple[int, int], *, ascii_only: bool
) -> None:
    for number in (6, 7, 8, 9):
        tables.table(number)
    async with tables.open(size) as screen:
        await _apply_all(screen)
    folder = tables.migrations
    edited = folder / "001_make_t1.sql"
    edited.write_text(edited.read_text().replace("int PRIMARY KEY", "bigint PRIMARY KEY"))
    cosmetic = folder / "002_make_t2.sql"
    cosmetic.write_text(cosmetic.read_text() + "\n")
    cosmetic.write_text(cosmetic.read_text().replace("BEGIN;\nCREATE", "-- the second\nBEGIN;\nCREATE"))
    other_way = folder / "003_make_t3.sql"
    other_way.write_text(other_way.read_text().replace("DROP TABLE", "DROP TABLE IF EXISTS"))
    (folder / "004_make_t4.sql").unlink()
    tables.table(5)
    tables.write("006_again.sql", "SELECT 1;\n-- Rollback: none: it reads\n")
    tables.table(10)
    async with await AsyncConnection.connect(tables.targets[0].dsn, autocommit=True) as connection:
        for name, action, outcome in (
            ("007_make_t7.sql", "apply", "failed"),
            ("008_make_t8.sql", "apply", "started"),
            ("009_make_t9.sql", "adopt", "done"),
        ):
            await connection.execute(
                "UPDATE koonj.history SET action = %s, outcome = %s, finished = CASE WHEN %s = 'started' "
                "THEN NULL ELSE finished END WHERE name = %s",
                (action, outcome, outcome, name),
            )
    async with tables.open(size, Terminal(ascii_only=ascii_only)) as screen:
        await screen.until(lambda: all(c.status for c in screen.main.snapshot.checks))
        await golden(screen, f"states_{size[0]}{'_ascii' if ascii_only else ''}")
        if ascii_only:
            assert screen.text().isascii()
