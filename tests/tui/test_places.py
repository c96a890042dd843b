"""From a failure to its place: the same value and the same keys, whoever has found it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from koonj.migrations.migration import Migration
from koonj.runner.rehearse.verdict import RehearsalFailure, Verdict
from koonj.sql.problem import Problem, Severity
from koonj.tui.documents.line_index import LineIndex
from koonj.tui.documents.live_highlighting import LiveHighlighting
from koonj.tui.documents.statement_list import statement_lines
from koonj.tui.screens import editor_problems
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.external_editor import opened_at
from koonj.tui.state.file_place import FilePlace, PlaceSource, by_weight, first_with_line, joined, neighbour
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets.preview.statements_tab import StatementSheet
from koonj.tui.widgets.problem_list import ProblemList
from support.recorded_rehearsals import RecordedRehearsals, rehearsal
from support.screen import Project, Screen

FAILS = """
    BEGIN;
    CREATE TABLE t1 (id int);
    CREATE TABLE t2 (
        id no_such_type
    );
    COMMIT;

    -- Rollback:
    -- BEGIN;
    -- DROP TABLE t2;
    -- DROP TABLE t1;
    -- COMMIT;
    """
LINE = 4


@pytest.fixture(autouse=True)
def _quick_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor_problems, "PAUSE", 0.05)


async def fail(screen: Screen, key: str = "a") -> None:
    """Apply, and wait until the run has failed."""
    await screen.press(key)
    await screen.expect_dialog()
    await screen.yes()
    await screen.expect_run("failed")


async def open_editor(screen: Screen) -> Editor:
    await screen.press("i")
    await screen.until(lambda: isinstance(screen.app.screen, Editor))
    editor = screen.app.screen
    assert isinstance(editor, Editor)
    await screen.pilot.pause()  # it goes to its place after it was mounted
    return editor


async def listed(screen: Screen, *parts: str) -> list[str]:
    """Wait until the editor's list of problems contains `parts`; return its lines."""
    problems = screen.app.screen.query_one(ProblemList)

    def lines() -> list[str]:
        return [problems.draw(i, problems.size.width).text.rstrip() for i in range(problems.count())]

    await screen.until(lambda: all(any(part in line for line in lines()) for part in parts))
    return [problems.title()[0], *lines()]


def marked(screen: Screen) -> list[str]:
    """Return the lines that the preview marks."""
    return [line.strip() for line in screen.pane("2") if re.match(r" *\d+!", line)]


# A failed run


async def test_failed_run_marks_its_line_in_the_preview(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36)) as screen:
        await fail(screen)
        await screen.until(lambda: marked(screen) == ["4!    id no_such_type"])
        assert screen.row("001 fails").startswith("›")


async def test_failed_statement_is_marked_in_the_tab_statements(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36)) as screen:
        await fail(screen)
        await screen.press("v", "v")
        await screen.until(lambda: marked(screen) == ["2! line 3    create table t2"])


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (1, ["1!"]),
        (2, ["2!"]),
        (4, ["2!"]),
        (5, []),  # an empty line
        (6, ["3!"]),
        (9, ["1!"]),
        (10, ["2!"]),
        (99, []),
    ],
)
def test_statement_that_has_the_line_is_marked(line: int, shown: list[str]) -> None:
    text = "SELECT 1;\nSELECT\n  2\n;\n\nSELECT 3;\n\n-- Rollback:\n-- SELECT 4;\n-- SELECT 5;\n"
    lines = LineIndex(statement_lines(Migration.from_recorded("001_a.sql", text)))
    sheet = StatementSheet(lines, [place(line)])
    drawn = [sheet.line(index, 80)[0] for index in range(sheet.count(80))]
    margins = ["".join(text for text, _ in margin) for margin in drawn]
    assert [margin.split()[0] for margin in margins if "!" in margin] == shown


async def test_i_opens_the_editor_at_the_place_of_the_failed_run(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36)) as screen:
        await fail(screen)
        editor = await open_editor(screen)
        await screen.until(lambda: editor.text.cursor_location == (LINE - 1, 7))
        title, *lines = await listed(screen, "last apply")
        assert title == "1 problem"
        assert lines[0].startswith(' !    4:8 last apply 42704: type "no_such_type" does not exist')


async def test_failure_moves_with_its_line_and_is_gone_when_the_line_is_fixed(project: Project) -> None:
    path = project.write("001_fails.sql", FAILS)
    async with project.open((120, 36)) as screen:
        await fail(screen)
        editor = await open_editor(screen)
        await listed(screen, "4:8 last apply")
        editor.text.go_to(0, 0)
        await screen.type("-- more")
        await screen.press("enter")
        await listed(screen, "5:8 last apply")
        await screen.press("f8", "ctrl+k")
        assert editor.text.cursor_location == (LINE, 7)
        await screen.type("int")
        await screen.press("ctrl+s")
        await screen.until("No problems")
        await screen.press("escape")
        await screen.until(lambda: "-- more" in screen.preview())
        assert marked(screen) == []
    assert "    id int\n" in path.read_text()


async def test_from_the_failed_apply_to_applied_in_five_keys(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((80, 24)) as screen:
        await fail(screen)
        await screen.until(lambda: marked(screen) == ["4!    id no_such_type"])
        await open_editor(screen)
        await screen.press("ctrl+k")
        await screen.type("smallint")  # the fix
        await screen.press("ctrl+s")
        await screen.until("Saved.")
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main and "id smallint" in screen.preview())
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        assert "applied" in screen.row("001 fails")


async def test_enter_in_the_run_goes_to_the_line_that_failed(project: Project) -> None:
    project.table(1)
    project.write(
        "002_fails.sql",
        FAILS.replace(
            "CREATE TABLE t1 (id int);", "-- " + "\n    -- ".join(["long"] * 60) + "\n    CREATE TABLE t3 ();"
        ),
    )
    async with project.open((120, 36)) as screen:
        await fail(screen, "A")
        await screen.press("1", "g", "4", "enter")
        assert screen.main.pane is screen.main.preview
        await screen.until(lambda: marked(screen) == ["64!    id no_such_type"])
        assert screen.row("002 fails").startswith("›")


async def test_failed_rollback_leads_to_its_line_in_the_rollback(project: Project) -> None:
    project.write(
        "001_a.sql",
        "CREATE TABLE a (id int);\n\n-- Rollback:\n-- DROP TABLE a;\n-- DROP TABLE no_such_table;\n",
    )
    async with project.open((120, 36)) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        screen.later(5)
        await fail(screen, "r")
        assert "[Rollback]" in screen.pane("2")[0]
        await screen.until(lambda: marked(screen) == ["5!DROP TABLE no_such_table;"])
        await open_editor(screen)
        await listed(screen, "5 last rollback 42P01")


async def test_place_is_not_marked_when_its_line_has_another_text(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36)) as screen:
        await fail(screen)
        project.write("001_fails.sql", FAILS.replace("no_such_type", "smallint"))
        await screen.until(lambda: "id smallint" in screen.preview())
        assert marked(screen) == []


async def test_problem_that_refused_a_run_goes_with_the_text_that_had_it(project: Project) -> None:
    project.write("001_open.sql", "BEGIN;\nSELECT 1;\n-- Rollback: none: a test\n")
    async with project.open((120, 36)) as screen:
        await screen.press("a")
        await screen.expect_run("refused")
        await screen.until(lambda: marked(screen) == ["1!BEGIN;"])
        project.write("001_open.sql", "BEGIN;\nSELECT 2;\n-- Rollback: none: a test\n")
        await screen.until("SELECT 2;")
        assert marked(screen) == ["1!BEGIN;"]
        project.write("001_open.sql", "BEGIN;\nSELECT 3;\nCOMMIT;\n-- Rollback: none: a test\n")
        await screen.until("SELECT 3;")
        assert marked(screen) == []


async def test_history_leads_to_the_statement_that_failed_when_koonj_is_opened_again(
    project: Project,
) -> None:
    project.write(
        "001_several.sql",
        "CREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY i ON a (id);\nSELECT 1 / 0;\n-- Rollback: none: a test\n",
    )
    async with project.open((120, 36)) as screen:
        await fail(screen)
    async with project.open((120, 36)) as screen:
        await screen.until(lambda: marked(screen) == ["3!SELECT 1 / 0;"])
        editor = await open_editor(screen)
        assert editor.text.cursor_location == (2, 0)
        await listed(screen, "3 last apply 22012: division by zero")


# A rehearsal


BROKEN = replace(
    rehearsal("001_make_t1.sql", Verdict.BROKEN, "The migration fails at line 3."),
    failure=RehearsalFailure(
        "apply", "001_make_t1.sql", "001_make_t1.sql", 1, 3, 14, 'relation "t1" already exists', "42P07"
    ),
)


async def show_rehearsals(screen: Screen, recorded: RecordedRehearsals) -> None:
    await screen.press("p")
    await screen.until(lambda: bool(screen.main.snapshot.rehearsals.results))
    await screen.press("escape")


async def test_no_problems_is_never_said_while_the_rehearsal_fails(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.set_rehearsals(BROKEN)
    async with tables.open((120, 36), rehearses=True, program=recorded.program) as screen:
        await screen.until("broken")
        await screen.until(lambda: marked(screen) == ["3!CREATE TABLE t1 (id int PRIMARY KEY);"])
        editor = await open_editor(screen)
        assert editor.text.cursor_location == (2, 13)
        title, *lines = await listed(screen, "rehearsal")
        assert title == "1 problem"
        assert lines[0].startswith(' !   3:14 rehearsal 42P07: relation "t1" already exists')


async def test_failed_rehearsal_has_the_band_of_a_failed_run(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.set_rehearsals(BROKEN)
    terminal = Terminal(theme="dark")
    async with tables.open((120, 36), terminal, rehearses=True, program=recorded.program) as screen:
        await screen.until("broken")
        await screen.press("2", "v", "v", "v", "v")
        await screen.until("ERROR 42P07")
        lines = [line.rpartition("│ │")[2].strip(" │▌") for line in screen.lines()]
        at = lines.index('ERROR 42P07  relation "t1" already exists')
        assert lines[at + 2] == "001_make_t1.sql:3:14"
        assert "3 │ CREATE TABLE t1 (id int PRIMARY KEY);" in screen.lines()[at + 3]
        assert screen.lines()[at + 4].index("^") == screen.lines()[at + 3].index("t1")
        screen.app.theme = "terminal"
        await screen.until(lambda: "^" not in screen.text())
        assert 'ERROR 42P07  relation "t1" already exists' in screen.text()
        screen.app.theme = "dark"
        await screen.until(lambda: "^" in screen.text())
        await screen.press("enter")
        await screen.until(lambda: "3!│ CREATE TABLE t1" in screen.text())


async def test_enter_in_the_tab_rehearsal_goes_to_the_line_that_failed(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.set_rehearsals(BROKEN)
    async with tables.open((120, 36), rehearses=True, program=recorded.program) as screen:
        await screen.until("broken")
        await screen.press("2", "v", "v", "v", "v")
        assert "[Rehearsal]" in screen.pane("2")[0]
        await screen.press("enter")
        assert "[Body]" in screen.pane("2")[0]
        await screen.until(lambda: marked(screen) == ["3!CREATE TABLE t1 (id int PRIMARY KEY);"])


async def test_incomplete_rollback_is_in_the_list_of_problems_of_the_editor(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((120, 36), rehearses=True, program=recorded.program) as screen:
        await screen.until("incomplete")
        await screen.press("j")
        await open_editor(screen)
        await listed(screen, "file rehearsal incomplete: The rollback leaves the table t2 behind.")


async def test_rehearsal_that_fails_while_the_text_is_edited_is_listed(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.set_rehearsals(BROKEN)
    recorded.pause_at("001_make_t1.sql")
    async with tables.open((120, 36), rehearses=True, program=recorded.program) as screen:
        await screen.until("rehearsing")
        await open_editor(screen)
        await screen.until("No problems")
        await screen.type("x")
        recorded.resume("001_make_t1.sql")
        title, *lines = await listed(screen, "rehearsal")
        assert "problem" in title
        assert title != "No problems"
        assert any('file rehearsal 42P07: relation "t1" already exists' in line for line in lines)


# Keys between problems


async def test_same_keys_go_to_problems_in_preview_and_editor(offline: Project) -> None:
    offline.write("001_bad.sql", "BEGIN;\nVACUUM;\nSELECT 1;\nVACUUM;\nCOMMIT;\n-- Rollback: none: a test\n")
    async with offline.open((120, 36), answered=False) as screen:
        await screen.until(lambda: marked(screen) == ["2!VACUUM;", "4!VACUUM;"])
        await screen.press("2", "f8")
        assert screen.bottom().startswith(" 2:1 check ")
        await screen.press("full_stop")
        assert screen.bottom().startswith(" 4:1 check ")
        await screen.press("f8")
        assert screen.bottom().startswith(" 2:1 check ")
        await screen.press("shift+f8")
        assert screen.bottom().startswith(" 4:1 check ")
        editor = await open_editor(screen)
        assert editor.text.cursor_location == (3, 0)
        await listed(screen, "4:1 check")
        await screen.press("f8")
        assert editor.text.cursor_location == (1, 0)
        await screen.press("shift+f8")
        assert editor.text.cursor_location == (3, 0)


async def test_keys_of_the_list_go_to_the_next_pending_and_the_next_problem(project: Project) -> None:
    for number in range(1, 7):
        project.table(number)
    async with project.open() as screen:
        for _ in range(3):
            await screen.press("a")
            await screen.expect_dialog()
            await screen.yes()
            await screen.expect_run("done")
            screen.later(5)
        await screen.press("escape", "1", "g", "greater_than_sign")
        assert screen.row("004").startswith("›")
        await screen.press("less_than_sign")
        assert screen.row("006").startswith("›")
        await screen.press("full_stop")
        assert "No migration in the list has a problem." in screen.bottom()
        project.write("002_make_t2.sql", "SELECT 2;\n-- Rollback: none: it was changed\n")
        await screen.until(lambda: "SELECT 2" in str(screen.main.snapshot.rows[1].migration))
        await screen.press("R")
        await screen.until("edited")
        await screen.press("full_stop")
        assert screen.row("002").startswith("›")


# The value


def place(
    line: int | None, source: PlaceSource = PlaceSource.CHECK, severity: Severity = Severity.ERROR
) -> FilePlace:
    return FilePlace("001_a.sql", line, 1, "message", source, severity)


def test_failure_of_a_run_has_most_weight_and_a_note_least() -> None:
    note, error = place(1, severity=Severity.NOTE), place(2)
    run, rehearsed = place(9, PlaceSource.LAST_APPLY), place(8, PlaceSource.REHEARSAL)
    assert by_weight((note, error, rehearsed, run)) == [run, rehearsed, error, note]
    assert first_with_line((place(None, PlaceSource.LAST_APPLY), note)) == note
    assert first_with_line(()) is None


def test_what_a_run_and_a_rehearsal_found_at_one_place_is_one() -> None:
    run, rehearsed, other = place(9, PlaceSource.LAST_APPLY), place(9, PlaceSource.REHEARSAL), place(8)
    first, second = joined((run, other, rehearsed))
    assert (first.label, first.line) == ("last apply, rehearsal", 9)
    assert second == other
    assert joined((run, place(9, PlaceSource.LAST_APPLY))) == (run,)


@pytest.mark.parametrize(
    ("here", "step", "found"),
    [
        ((0, 0), 1, (2, 0)),
        ((2, 0), 1, (4, 1)),
        ((4, 1), 1, (2, 0)),
        ((2, 0), -1, (4, 1)),
        ((3, 0), -1, (2, 0)),
    ],
)
def test_neighbour_wraps_around(here: tuple[int, int], step: int, found: tuple[int, int]) -> None:
    assert neighbour([(4, 1), (2, 0)], here, step) == found


def test_problem_of_a_file_name_has_no_line() -> None:
    problem = Problem("duplicate-number", Severity.ERROR, "twice", "rename it")
    found = FilePlace.of_problem("001_a.sql", problem)
    assert (found.line, found.label, found.position) == (None, "check duplicate-number", (0, 0))
    looks = LiveHighlighting()
    assert looks.problems_at(0) == ()


# The user's own editor


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (["vi"], ["+4", "F"]),
        (["/usr/bin/vim.basic", "-n"], ["-n", "+4", "F"]),
        (["nvim"], ["+4", "F"]),
        (["nano"], ["+4,8", "F"]),
        (["emacs", "-nw"], ["-nw", "+4:8", "F"]),
        (["emacsclient", "-t"], ["-t", "+4:8", "F"]),
        (["hx"], ["F:4:8"]),
        (["helix"], ["F:4:8"]),
        (["micro"], ["+4:8", "F"]),
        (["code", "--wait"], ["--wait", "-g", "F:4:8"]),
        (["my editor", "--quietly"], ["--quietly", "F"]),
    ],
)
def test_external_editor_gets_the_line_as_it_takes_it(words: Sequence[str], arguments: Sequence[str]) -> None:
    assert opened_at(list(words), Path("F"), 4, 8) == [words[0], *arguments]
    assert opened_at(list(words), Path("F"), None, None) == [*words, "F"]


def test_editor_that_is_a_link_gets_the_line_as_its_program_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nano"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "editor").symlink_to(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert opened_at(["editor"], Path("F"), 4, None) == ["editor", "+4,1", "F"]


async def test_enter_on_a_problem_of_the_editor_goes_to_its_place(offline: Project) -> None:
    offline.write("001_bad.sql", "BEGIN;\nVACUUM;\nSELECT 1;\nVACUUM;\nCOMMIT;\n-- Rollback: none: a test\n")
    async with offline.open((120, 36), answered=False) as screen:
        await screen.until(lambda: len(marked(screen)) == 2)
        editor = await open_editor(screen)
        await listed(screen, "2:1 check", "4:1 check")
        await screen.press("f4", "down", "enter")
        assert editor.focused is editor.text
        assert editor.text.cursor_location == (3, 0)
        await screen.press("f4", "up", "escape")
        assert editor.focused is editor.text
        assert editor.text.cursor_location == (3, 0)
        problems = editor.query_one(ProblemList)
        await screen.pilot.click(problems, offset=(10, 1))
        assert editor.text.cursor_location == (1, 0)
