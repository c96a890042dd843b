"""koonj's editor: marks problems as the user types, and never loses text silently."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key
from textual.widgets import TextArea

from koonj.migrations.save import save
from koonj.tui.documents.edit_buffer import FileText, NotEditable, SaveState
from koonj.tui.screens import editor_file, editor_problems
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.editor_dialogs import ChoiceDialog
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from koonj.tui.widgets.exact_document import ExactDocument, UnwrappedDocument
from koonj.tui.widgets.problem_list import ProblemList
from koonj.tui.widgets.sql_editor import SqlEditor
from support.screen import Project, Screen, open_editor


@pytest.fixture(autouse=True)
def _quick_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor_file, "LOOK", 0.05)
    monkeypatch.setattr(editor_problems, "PAUSE", 0.05)


def header(screen: Screen) -> str:
    return screen.lines()[0]


async def answer(screen: Screen, key: str) -> None:
    """Press a key after the time that a user needs to read the dialog."""
    await screen.expect_dialog()
    screen.later(REPEAT_PAUSE)
    await screen.press(key)


async def test_typed_text_is_saved_and_shown_on_the_main_screen(offline: Project) -> None:
    name = offline.table(1)
    async with offline.open(answered=False) as screen:
        await open_editor(screen)
        assert "  saved  " in header(screen)
        await screen.type("-- first line")
        await screen.press("enter")
        assert "changed, not saved" in header(screen)
        await screen.press("ctrl+s")
        await screen.until("Saved.")
        assert screen.bottom().startswith(" Saved.")
        assert "  saved  " in header(screen)
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)
        assert screen.row("make_t1").startswith("›")
        await screen.until("-- first line")
    assert (offline.migrations / name).read_text().startswith("-- first line\n-- 001_make_t1.sql\nBEGIN;\n")


async def test_problems_are_marked_while_typing_and_f8_goes_to_them(offline: Project) -> None:
    offline.table(1)
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        assert "No problems" in screen.text()
        editor.text.go_to(2, 0)
        await screen.type("create index concurrently x on t1 (id);")
        await screen.press("enter")
        await screen.until("1 problem")
        marked = [line for line in screen.lines() if line.strip().startswith("3!")]
        assert marked == ["  3! create index concurrently x on t1 (id);"]
        await screen.press("ctrl+home", "f8")
        assert editor.text.cursor_location[0] == 2
        await screen.press("ctrl+z", "ctrl+z", "ctrl+z")
        await screen.until("No problems")


async def test_marks_follow_their_lines_before_the_text_is_examined_again(
    offline: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline.write("001_bad.sql", "-- one\nBEGIN;\nVACUUM;\nCOMMIT;\n-- Rollback: none: it is a test\n")
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.until(" 3! VACUUM;")
        monkeypatch.setattr(editor_problems, "PAUSE", 60)
        editor.text.go_to(0, 0)
        await screen.press("enter", "enter")
        assert " 5! VACUUM;" in screen.text()
        await screen.press("ctrl+z", "ctrl+z")
        assert " 3! VACUUM;" in screen.text()
        assert editor.text.looks.row_of(2) == 2


async def test_closing_asks_about_unsaved_changes(offline: Project) -> None:
    name = offline.table(1)
    before = (offline.migrations / name).read_bytes()
    async with offline.open(answered=False) as screen:
        await open_editor(screen)
        await screen.type("x")
        await screen.press("escape")
        await screen.expect_dialog("Not saved", "has unsaved changes")
        await screen.press("enter")
        assert isinstance(screen.app.screen, ChoiceDialog)
        await screen.press("escape")
        assert isinstance(screen.app.screen, Editor)
        await screen.press("escape")
        await answer(screen, "d")
        await screen.until(lambda: screen.app.screen is screen.main)
        assert (offline.migrations / name).read_bytes() == before
        await open_editor(screen)
        await screen.type("y")
        await screen.press("escape")
        await answer(screen, "s")
        await screen.until(lambda: screen.app.screen is screen.main)
    assert (offline.migrations / name).read_bytes() == b"y" + before


async def test_changed_file_is_reloaded_when_nothing_was_typed(offline: Project) -> None:
    name = offline.table(1)
    async with offline.open(answered=False) as screen:
        await open_editor(screen)
        (offline.migrations / name).write_text("-- theirs\nSELECT 1;\n")
        await screen.until("-- theirs")
        assert "  saved  " in header(screen)


async def test_changed_file_is_not_overwritten_without_a_question(offline: Project) -> None:
    path = offline.migrations / offline.table(1)
    async with offline.open(answered=False) as screen:
        await open_editor(screen)
        await screen.type("-- mine ")
        path.write_text("-- theirs\n")
        await screen.until(lambda: "changed on disk" in header(screen))
        await screen.press("ctrl+s")
        await screen.expect_dialog("Another program changed the file")
        await screen.press("escape")
        assert path.read_text() == "-- theirs\n"
        await screen.press("ctrl+s")
        await answer(screen, "o")
        await screen.until("Saved.")
        assert path.read_text().startswith("-- mine -- 001")
        path.write_text("-- theirs again\n")
        await screen.until("-- theirs again")
        await screen.press("home")
        await screen.type("x")
        path.unlink()
        await screen.until(lambda: "deleted on disk" in header(screen))
        await screen.press("ctrl+s")
        await answer(screen, "o")
        await screen.until("Saved.")
    assert path.read_text() == "x-- theirs again\n"


async def test_change_just_before_saving_is_detected(
    offline: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = offline.migrations / offline.table(1)
    monkeypatch.setattr(editor_file, "LOOK", 60)
    async with offline.open(answered=False) as screen:
        await open_editor(screen)
        await screen.type("x")
        path.write_text("-- theirs\n")
        await screen.press("ctrl+s")
        await screen.expect_dialog("Changed on disk")
        await answer(screen, "r")
        await screen.until("-- theirs")
        assert "  saved  " in header(screen)
    assert path.read_text() == "-- theirs\n"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Let a save wait. Return the event that says that it has begun, and the one that lets it go on."""
    begun, released = threading.Event(), threading.Event()

    def slowly(*args: Any) -> None:
        begun.set()
        released.wait(60)
        save(*args)

    monkeypatch.setattr(editor_file, "save", slowly)
    monkeypatch.setattr(editor_file, "LOOK", 60)
    yield begun, released
    released.set()


def escape_waits(editor: Editor) -> bool:
    """Return whether Esc waits for the save."""
    assert isinstance(editor._file, editor_file.EditorFile)
    return bool(editor._file._writing._waiters)


async def test_escape_waits_for_a_save_in_progress(
    offline: Project, held: tuple[threading.Event, threading.Event]
) -> None:
    begun, released = held
    path = offline.migrations / offline.table(1)
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.type("x")
        for key in ("ctrl+s", "escape"):
            screen.app.post_message(Key(key, None))
        await screen.until(begun.is_set)
        await screen.until(lambda: escape_waits(editor) or screen.app.screen is not editor)
        released.set()
        await screen.until(lambda: screen.app.screen is screen.main)
    assert path.read_text().startswith("x-- 001")


async def test_escape_during_a_refused_save_leaves_one_question(
    offline: Project, held: tuple[threading.Event, threading.Event]
) -> None:
    begun, released = held
    path = offline.migrations / offline.table(1)
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.type("x")
        path.write_text("-- theirs\n")
        for key in ("ctrl+s", "escape"):
            screen.app.post_message(Key(key, None))
        await screen.until(begun.is_set)
        await screen.until(lambda: escape_waits(editor) or screen.app.screen is not editor)
        released.set()
        await screen.expect_dialog("Changed on disk")
        assert [type(one) for one in screen.app.screen_stack[-2:]] == [Editor, ChoiceDialog]
    assert path.read_text() == "-- theirs\n"


async def test_applied_migration_is_marked_and_saving_asks_once(project: Project) -> None:
    name = project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("applied")
        await open_editor(screen)
        assert "Ran on local. Changes are not applied there" in screen.lines()[1]
        await screen.type("-- x")
        await screen.press("ctrl+s")
        await screen.expect_dialog(
            "Already applied",
            "This migration was applied on local",
            "If its statements change, its state becomes",
        )
        await screen.press("escape")
        assert "changed, not saved" in header(screen)
        await screen.press("ctrl+s")
        await answer(screen, "s")
        await screen.until("Saved.")
        await screen.type("y")
        await screen.press("ctrl+s")
        await screen.until("Saved.")
    assert (project.migrations / name).read_text().startswith("-- xy-- 001")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"SELECT 1;\r\nSELECT 2;\n", "LF and CRLF"),
        (b"SELECT '\xff';\n", "not UTF-8"),
        (b"SELECT 1;\0\n", "NUL byte"),
        (b"-- a\n" * 500_000, "2.5 MB"),
        (b"--" + b"a" * 30_000, "characters"),
    ],
)
async def test_file_is_rejected_when_it_cannot_be_saved_unchanged(
    offline: Project, raw: bytes, why: str
) -> None:
    path = offline.migrations / "001_odd.sql"
    path.write_bytes(raw)
    async with offline.open((160, 24), answered=False) as screen:
        await screen.press("i")
        await screen.until("koonj cannot edit 001_odd.sql")
        said = " ".join(screen.text().split())
        assert why in said
        assert "Press e to open it in your own editor" in said
        assert screen.app.screen is screen.main


async def test_untouched_bytes_are_preserved(offline: Project) -> None:
    raw = "\ufeff-- one\r\n\x0c\x85SELECT '\u2028\x1b[31m\t';\r\n-- no end".encode()
    path = offline.migrations / "001_odd.sql"
    path.write_bytes(raw)
    async with offline.open(answered=False) as screen:
        await open_editor(screen)
        assert "\x1b" not in screen.text()
        assert "␛[31m" in screen.text()
        await screen.press("end", "!")
        await screen.press("ctrl+s")
        await screen.until("Saved.")
    assert path.read_bytes() == raw.replace(b"-- one", b"-- one!")


async def test_cursor_position_is_right_next_to_hidden_and_wide_characters(offline: Project) -> None:
    offline.write("001_odd.sql", "-- \x1b漢\t\u202ex")
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.press("end", "left")
        assert (
            editor.text.cursor_screen_offset.x == screen.lines()[1].index("x") + 1
        )  # 漢 is one character in two cells.
        await screen.press("left")
        assert "U+202E" in header(screen)


async def test_editor_works_with_ascii_and_without_colours(offline: Project) -> None:
    offline.write("001_odd.sql", "-- é\nVACUUM\n")
    async with offline.open(terminal=Terminal(ascii_only=True, colour=False), answered=False) as screen:
        await open_editor(screen)
        await screen.type("ü")
        assert "-- ?" in screen.text() or "é" in screen.text()
        await screen.press("ctrl+s")
        await screen.until("Saved.")
    assert (offline.migrations / "001_odd.sql").read_text().startswith("ü-- é\n")


async def test_editor_does_not_open_when_no_migration_is_selected(offline: Project) -> None:
    async with offline.open(answered=False) as screen:
        await screen.press("i")
        assert "No migration is selected." in screen.bottom()


async def test_typing_works_at_the_edge_of_a_small_terminal(offline: Project) -> None:
    offline.table(1)
    async with offline.open((40, 12), answered=False) as screen:
        await open_editor(screen)
        await screen.type("a" * 60)
        assert "a" * 20 in screen.text()
        assert all(len(line) <= 40 for line in screen.lines())


_TEXTS = st.text(
    st.sampled_from([*"ab ;'-\t", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "é", "漢", "\x1b"]), max_size=30
)


@given(st.lists(_TEXTS, min_size=1, max_size=6), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_unedited_text_encodes_to_the_same_bytes(lines: list[str], newline: str, bom: bool) -> None:
    raw = (("\ufeff" if bom else "") + newline.join(lines)).encode()
    opened = FileText.from_bytes(raw)
    document = ExactDocument(opened.text, opened.newline, lambda *_: None)
    assert opened.to_bytes(document.text) == raw


_PLACES = st.tuples(st.integers(0, 5), st.integers(0, 20))


@given(
    st.lists(_TEXTS, min_size=1, max_size=6),
    _PLACES,
    _PLACES,
    _TEXTS,
    st.sampled_from(["", "\n", "\r\n", "\r"]),
)
def test_edit_changes_only_the_replaced_range(
    lines: list[str], start: tuple[int, int], end: tuple[int, int], typed: str, newline: str
) -> None:
    text = "\r\n".join(lines)
    document = ExactDocument(text, "\r\n", lambda *_: None)

    def within(place: tuple[int, int]) -> tuple[int, int]:
        row = min(place[0], document.line_count - 1)
        return row, min(place[1], len(document.get_line(row)))

    def offset(place: tuple[int, int]) -> int:
        return sum(len(line) + 2 for line in lines[: place[0]]) + place[1]

    first, last = sorted((within(start), within(end)))
    result = document.replace_range(first, last, typed + newline)
    wanted = text[: offset(first)] + typed + ("\r\n" if newline else "") + text[offset(last) :]
    assert document.text == wanted
    document.replace_range(first, result.end_location, result.replaced_text)
    assert document.text == text


def test_textual_still_creates_its_document_in_the_overridden_method() -> None:
    assert "_set_document" in vars(TextArea)
    editor = SqlEditor("a\x0cb", "\n")
    assert isinstance(editor.document, ExactDocument)
    assert isinstance(editor.wrapped_document, UnwrappedDocument)
    assert editor.document.line_count == 1


def test_save_states_have_words() -> None:
    assert [s.value for s in SaveState] == [
        "saved",
        "changed, not saved",
        "changed on disk",
        "deleted on disk",
        "not written yet",
        "changed, not kept",
    ]
    with pytest.raises(NotEditable):
        FileText.from_bytes(os.urandom(2) + b"\xff\xfe")


async def test_keys_of_the_editor_run_their_commands(offline: Project) -> None:
    offline.write("001_bad.sql", "VACUUM;\nBEGIN;\nVACUUM;\nCOMMIT;\n-- Rollback: none: it is a test\n")
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.until("problem")
        problems = len(editor.query_one(ProblemList).problems)
        assert problems
        await screen.press("ctrl+end", "shift+f8")
        assert editor.text.cursor_location[0] < 5
        await screen.press("ctrl+s")
        assert screen.bottom().startswith(" There is nothing to save.")
        await screen.press("ctrl+q")
        await screen.until(lambda: screen.app.screen is screen.main)


async def test_only_the_word_of_a_problem_is_underlined(offline: Project) -> None:
    offline.write("001_bad.sql", "BEGIN;\nVACUUM full;\nCOMMIT;\n-- Rollback: none: it is a test\n")
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.until("problem")
        marked = [
            segment.text
            for segment in editor.text.render_line(1)
            if segment.style and segment.style.underline
        ]
        assert "".join(marked) == "VACUUM"


async def test_a_key_that_is_too_early_does_not_answer_a_question(offline: Project) -> None:
    name = offline.table(1)
    async with offline.open(answered=False) as screen:
        await open_editor(screen)
        await screen.press("x", "escape")
        await screen.expect_dialog("unsaved changes")
        dialog = screen.app.screen
        assert isinstance(dialog, ChoiceDialog)
        dialog._painted = None  # as if it was pressed before the text could be read
        await screen.press("d")
        await screen.until("Ignored: d was pressed too early")
        assert dialog.is_current
        dialog._record_paint()
        await answer(screen, "escape")
        assert not (offline.migrations / name).read_text().startswith("x")
