"""Golden tests of verdicts, the Rehearsal tab and drift; also without colour and in ASCII."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.tui.toolkit.capabilities import Terminal
from support.recorded_rehearsals import FAILS, INCOMPLETE, VERIFIED, RecordedRehearsals, rehearsal
from support.screen import Golden, Project, Screen
from tui.test_drift import COMMENT, DEFAULT, INDEX, drift
from tui.test_golden import BROKEN, DOCUMENTS
from tui.test_golden import INDEX as CONCURRENTLY

Steps = Callable[[Screen], Awaitable[None]]
SIZES = [(80, 24), (120, 36)]
OTHERS = {
    Verdict.LOSSY: "The rollback restores the schema but not the data: the migration deletes all rows of public.a (TRUNCATE).",
    Verdict.REORDERED: "The rollback restores columns in a different order: column public.a.b moved from position 2 to 5.",
    Verdict.IRREVERSIBLE: "Declared irreversible: it deletes old rows",
    Verdict.UNKNOWN: "An earlier migration fails: 003_add_status.sql.",
    Verdict.BROKEN: "The rollback fails: table t8 does not exist",
}


@pytest.fixture
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordedRehearsals:
    made = RecordedRehearsals(tmp_path_factory.mktemp("recorded"))
    made.set_rehearsals(rehearsal("001_create_documents.sql"), VERIFIED, INCOMPLETE)
    made.set_rehearsals(*(rehearsal(f"{n:03}_make_t{n}.sql", *of) for n, of in enumerate(OTHERS.items(), 4)))
    made.set_drift(drift(INDEX, DEFAULT, COMMENT, notes=("003_add_status.sql has no file.",)))
    return made


@pytest.fixture
def documents(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Migrations with each verdict, and one whose rehearsal is in progress."""
    monkeypatch.chdir(project.root)
    project.write("001_create_documents.sql", DOCUMENTS)
    project.write("002_index_documents_title.sql", CONCURRENTLY)
    project.write("003_add_status.sql", BROKEN)
    for number in range(4, 10):
        project.table(number)
    return project


async def _list(screen: Screen) -> None:
    await screen.press("j", "j")


async def _tab(screen: Screen) -> None:
    await screen.press("j", "j", "2", "v", "v", "v", "v")
    await screen.until("Differences: ")


async def _tab_below(screen: Screen) -> None:
    await _tab(screen)
    await screen.press("plus", "G")  # zoomed: the width of a round trip in another pane varies
    await screen.until("Rollback  ")


async def _verified(screen: Screen) -> None:
    await screen.press("j", "2", "v", "v", "v", "v", "plus")
    await screen.until("Rollback  ")


async def _help(screen: Screen) -> None:
    await screen.press("question_mark", "slash")
    await screen.type("verdict")
    await screen.expect_dialog("Verdicts of a rehearsal")


async def _drift(screen: Screen) -> None:
    await screen.press("D")
    await screen.until("only on the target")
    await screen.press("j")
    await screen.until("DEFAULT 'en'")


SCREENS: dict[str, Steps] = {
    "verdicts": _list,
    "rehearsal": _tab,
    "rehearsal_below": _tab_below,
    "rehearsal_verified": _verified,
    "verdicts_help": _help,
    "drift": _drift,
}


@asynccontextmanager
async def _rehearsed(
    documents: Project, recorded: RecordedRehearsals, size: tuple[int, int], *terminal: Terminal
) -> AsyncIterator[Screen]:
    """Open the screen; the rehearsal of the last migration is in progress."""
    recorded.pause_at("009_make_t9.sql")
    async with documents.open(size, *terminal, rehearses=True, program=recorded.program) as screen:
        await screen.until(lambda: "▹" in screen.row("make_t9"))
        yield screen


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", SCREENS)
async def test_screens_match_golden(
    documents: Project, recorded: RecordedRehearsals, golden: Golden, name: str, size: tuple[int, int]
) -> None:
    async with _rehearsed(documents, recorded, size) as screen:
        await SCREENS[name](screen)
        await golden(screen, f"{name}_{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_broken_rehearsal_matches_golden(
    documents: Project, recorded: RecordedRehearsals, golden: Golden, size: tuple[int, int]
) -> None:
    recorded.set_rehearsals(FAILS)
    async with _rehearsed(documents, recorded, size) as screen:
        await screen.press("j", "j", "2", "v", "v", "v", "v")
        await screen.until("Failure")
        await golden(screen, f"rehearsal_broken_{size[0]}")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=str)
@pytest.mark.parametrize("found", [FAILS, INCOMPLETE], ids=["broken", "incomplete"])
async def test_band_of_a_failing_rehearsal_matches_golden(
    documents: Project,
    recorded: RecordedRehearsals,
    golden: Golden,
    found: Rehearsal,
    size: tuple[int, int],
) -> None:
    recorded.set_rehearsals(found)
    async with _rehearsed(documents, recorded, size, Terminal(theme="dark")) as screen:
        await screen.press("j", "j", "2", "v", "v", "v", "v", "plus")
        await screen.until("▌")
        await golden(screen, f"rehearsal_band_{found.verdict}_{size[0]}")


MODES = [("verdicts", (80, 24)), ("rehearsal", (80, 24)), ("drift", (80, 24)), ("drift", (120, 36))]


@pytest.mark.parametrize(("name", "size"), MODES)
async def test_screen_without_colour_has_same_text(
    documents: Project, recorded: RecordedRehearsals, golden: Golden, name: str, size: tuple[int, int]
) -> None:
    async with _rehearsed(documents, recorded, size, Terminal(colour=False)) as screen:
        await SCREENS[name](screen)
        await golden(screen, f"{name}_{size[0]}")


@pytest.mark.parametrize(("name", "size"), MODES)
async def test_ascii_screens_match_golden(
    documents: Project, recorded: RecordedRehearsals, golden: Golden, name: str, size: tuple[int, int]
) -> None:
    async with _rehearsed(documents, recorded, size, Terminal(ascii_only=True)) as screen:
        await SCREENS[name](screen)
        await golden(screen, f"{name}_{size[0]}_ascii")
        assert screen.text().isascii()
