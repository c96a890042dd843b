"""Unsaved text of the editor survives the end of koonj, and is offered at the next start."""

from __future__ import annotations

import signal
from pathlib import Path
from time import monotonic

import pytest

from koonj.migrations.unsaved_text import DraftKeeper, left_texts
from koonj.tui.screens import editor_draft, editor_file
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.editor_dialogs import ChoiceDialog
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from koonj.user_folders import STATE, folder_path
from support.pty_terminal import PATIENCE, configure, started
from support.screen import Project, Screen


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(editor_file, "LOOK", 0.05)
    monkeypatch.setattr(editor_draft, "WAIT", 0.02)


def drafts() -> list[Path]:
    """Return the drafts that are whole; one that is being written has a name with a dot before it."""
    folder = folder_path(STATE) / "drafts"
    return list(folder.glob("[!.]*.json")) if folder.exists() else []


def leave(project: Project, name: str, text: str) -> None:
    """Leave an unsaved text, as an editor whose koonj was killed."""
    path = project.migrations / name
    keeper = DraftKeeper(project.migrations, name)
    keeper.keep(path.read_bytes(), text.encode())
    keeper.leave()


async def answer(screen: Screen, key: str, *parts: str) -> None:
    text = await screen.expect_dialog()
    for part in parts:
        assert part in " ".join(text.split()), text
    assert isinstance(screen.app.screen, ChoiceDialog)
    screen.later(REPEAT_PAUSE)
    await screen.press(key)


async def editor(screen: Screen) -> Editor:
    await screen.until(lambda: isinstance(screen.app.screen, Editor))
    found = screen.app.screen
    assert isinstance(found, Editor)
    await screen.until(lambda: "roblem" in screen.text())
    return found


async def test_typed_text_is_kept_until_it_is_saved(offline: Project) -> None:
    name = offline.table(1)
    async with offline.open(answered=False) as screen:
        await screen.press("i")
        await editor(screen)
        await screen.press("x")
        await screen.until(lambda: len(drafts()) == 1)
        assert left_texts(offline.migrations) == ()
        await screen.press("ctrl+s")
        await screen.until(lambda: drafts() == [])
        assert (offline.migrations / name).read_text().startswith("x--")
        await screen.press("y")
        await screen.until(lambda: len(drafts()) == 1)
        await screen.press("backspace")
        await screen.until(lambda: drafts() == [])


async def test_discarded_text_is_not_kept(offline: Project) -> None:
    offline.table(1)
    async with offline.open(answered=False) as screen:
        await screen.press("i")
        await editor(screen)
        await screen.press("x")
        await screen.until(lambda: len(drafts()) == 1)
        await screen.press("escape")
        await answer(screen, "d", "unsaved changes")
        await screen.until(lambda: screen.app.screen is screen.main)
        assert drafts() == []


async def test_the_text_of_an_ended_koonj_is_offered_and_saved(
    offline: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = offline.table(1)
    before = (offline.migrations / name).read_text()
    with monkeypatch.context() as patch:
        patch.setattr(editor_draft, "WAIT", 3600)  # The end of the app comes before that.
        async with offline.open(answered=False) as screen:
            await screen.press("i")
            await editor(screen)
            await screen.press("x")
            assert drafts() == []
    assert (offline.migrations / name).read_text() == before
    (left,) = left_texts(offline.migrations)
    assert left.text.decode() == f"x{before}"
    async with offline.open(answered=False) as screen:
        await answer(screen, "e", f"{name} had text that was not saved")
        shown = await editor(screen)
        await screen.until(lambda: shown.dirty)
        assert shown.text.text == f"x{before}"
        await screen.until(lambda: left.draft not in drafts() and len(drafts()) == 1)
        await screen.press("ctrl+s")
        await screen.until("Saved.")
        assert (offline.migrations / name).read_text() == f"x{before}"
        await screen.until(lambda: drafts() == [])


async def test_texts_are_offered_one_after_the_other(offline: Project) -> None:
    names = [offline.table(1), offline.table(2)]
    leave(offline, names[0], "SELECT 1;\n")
    leave(offline, names[1], "SELECT 2;\n")
    async with offline.open(answered=False) as screen:
        first = await screen.expect_dialog("Unsaved text")
        await answer(screen, "escape")
        await screen.until(lambda: isinstance(screen.app.screen, ChoiceDialog))
        second = await screen.expect_dialog("Unsaved text")
        assert {part for text in (first, second) for part in text.split() if part in names} == set(names)
        await answer(screen, "d")
        await screen.until(lambda: len(drafts()) == 1)
        assert screen.app.screen is screen.main
        left = next(iter(left_texts(offline.migrations)))
        screen.main.migrations.select(left.name)
        await screen.press("i")
        await answer(screen, "d", left.name)
        shown = await editor(screen)
        assert not shown.dirty
        assert drafts() == []


async def test_a_file_that_was_changed_meanwhile_is_not_overwritten_unasked(offline: Project) -> None:
    name = offline.table(1)
    leave(offline, name, "SELECT 'mine';\n")
    offline.write(name, "SELECT 'theirs';\n")
    async with offline.open(answered=False) as screen:
        await answer(screen, "e", "Another program has changed the file since then")
        await editor(screen)
        await screen.until("changed on disk")
        await screen.press("ctrl+s")
        await screen.expect_dialog("Changed on disk")
        assert (offline.migrations / name).read_text() == "SELECT 'theirs';\n"
        await answer(screen, "o")
        await screen.until("Saved.")
        assert (offline.migrations / name).read_text() == "SELECT 'mine';\n"


async def test_the_text_of_a_deleted_file_can_be_saved_again(offline: Project) -> None:
    name = offline.table(1)
    leave(offline, name, "SELECT 'mine';\n")
    (offline.migrations / name).unlink()
    async with offline.open(answered=False) as screen:
        await answer(screen, "e", "The file is missing now")
        await editor(screen)
        await screen.until("deleted on disk")
        await screen.press("ctrl+s")
        await answer(screen, "o", "Missing on disk")
        await screen.until("Saved.")
        assert (offline.migrations / name).read_text() == "SELECT 'mine';\n"


async def test_a_text_that_cannot_be_kept_is_said_once(offline: Project) -> None:
    offline.table(1)
    place = folder_path(STATE)
    place.mkdir(parents=True, exist_ok=True)
    (place / "drafts").write_text("in the way")
    async with offline.open((160, 30), answered=False) as screen:
        await screen.press("i")
        shown = await editor(screen)
        await screen.press("x")
        await screen.until("your unsaved text is lost: koonj cannot keep it.")
        await screen.press("x")
        await screen.until(lambda: shown._draft._timer is None)
        await screen.until(lambda: all(w.is_finished for w in shown.workers if w.group == "draft"))
        assert "cannot keep it" not in screen.text()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_a_killed_koonj_offers_the_text_at_its_next_start(project: Project, number: signal.Signals) -> None:
    name = project.table(1)
    configure(project)
    end = monotonic() + PATIENCE
    with started(project) as terminal:
        terminal.until(b"pending")
        terminal.send(b"i")
        terminal.until(b"No problems")
        terminal.send(b"kept")
        while not drafts():
            assert monotonic() < end
            terminal.read(0.05)
        terminal.process.send_signal(number)
        terminal.process.wait(PATIENCE)
    assert not (project.migrations / name).read_text().startswith("kept")
    with started(project) as terminal:
        assert name.encode() in terminal.until(b"Unsaved text")
        (left,) = left_texts(project.migrations)
        assert left.text.startswith(b"k")
