"""The tabs of the preview: statements, changes since the last run, history; and their empty states."""

from __future__ import annotations

import psycopg
import pytest
from rich.segment import Segment

from koonj.tui.widgets.preview.tabs import Tab, tab_at, tab_names
from support.screen import Project, Screen

STEPS = """
    BEGIN;
    CREATE TABLE notes (id int, body text);
    INSERT INTO notes VALUES (1, 'a');
    COMMIT;
    CREATE INDEX CONCURRENTLY notes_id ON notes (id);

    -- Rollback:
    -- BEGIN;
    -- DROP TABLE notes;
    -- COMMIT;
    """


async def show(screen: Screen, tab: str) -> None:
    """Press v until the tab is shown."""
    for _ in Tab:
        if f"[{tab}]" in screen.pane("2")[0]:
            return
        await screen.press("v")
    raise AssertionError(f"there is no tab {tab}: {screen.pane('2')[0]}")


async def apply(screen: Screen) -> None:
    await screen.press("a")
    await screen.expect_dialog()
    await screen.yes()
    await screen.expect_run("done")


async def test_v_and_brackets_switch_tabs_and_wrap_around(project: Project) -> None:
    project.table(1)
    async with project.open(size=(160, 30)) as screen:
        seen = []
        for _ in range(6):
            seen.append(screen.pane("2")[0].partition("[")[2].partition("]")[0])
            await screen.press("v")
        assert seen == ["Body", "Rollback", "Statements", "Changes", "Rehearsal", "History"]
        await screen.press("left_square_bracket")
        assert "[History]" in screen.pane("2")[0]
        await screen.press("right_square_bracket")
        assert "[Body]" in screen.pane("2")[0]


async def test_statements_have_the_numbers_of_a_run_and_show_their_transaction(
    project: Project,
) -> None:
    project.write("001_notes.sql", STEPS)
    async with project.open(size=(160, 40)) as screen:
        await show(screen, "Statements")
        lines = [" ".join(line.split()) for line in screen.pane("2")]
        body = lines.index(next(line for line in lines if line.startswith("Body: committed separately")))
        assert lines[body + 1 : body + 7] == [
            "transaction 1",
            "line 1 begin",
            "1 line 2 create table notes",
            "2 line 3 insert into notes",
            "line 4 commit",
            "outside a transaction",
        ]
        assert "3 line 5 create index concurrently notes_id on notes" in lines
        assert "Rollback: one transaction" in lines
        assert "1 line 9 drop table notes" in lines


async def test_transaction_opened_by_koonj_is_marked(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1;\n-- Rollback: none: it only reads\n")
    async with project.open() as screen:
        await show(screen, "Statements")
        assert "transaction 1, opened by koonj" in screen.preview()


async def test_click_on_statement_shows_its_line(project: Project) -> None:
    filler = "-- a comment\n" * 60
    project.write("001_a.sql", f"SELECT 1;\n{filler}SELECT 2 AS far;\n-- Rollback:\n-- SELECT 3;\n")
    async with project.open() as screen:
        await show(screen, "Statements")
        y = next(i for i, line in enumerate(screen.pane("2")) if ":62" in line)
        await screen.pilot.click(screen.main.preview, offset=(10, y))
        assert "[Body]" in screen.pane("2")[0]
        assert "62 SELECT 2 AS far;" in screen.preview()


async def test_click_on_tab_shows_it(project: Project) -> None:
    project.table(1)
    async with project.open(size=(160, 30)) as screen:
        await screen.pilot.click(screen.main.preview, offset=(screen.pane("2")[0].index("Changes") + 2, 0))
        assert "[Changes]" in screen.pane("2")[0]


async def test_changes_are_empty_when_the_migration_never_ran(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await show(screen, "Changes")
        assert "Never run on local" in screen.preview()
        assert any(segment.style and segment.style.dim for segment in title_of(screen, "Changes"))


async def test_changes_are_empty_when_the_file_is_unchanged(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await show(screen, "Changes")
        await apply(screen)
        words = "No changes: the file is the text that ran on local: applied"
        await screen.until(lambda: words in " ".join(screen.preview().split()))


async def test_edit_is_shown_as_a_difference(project: Project) -> None:
    name = project.table(1)
    async with project.open(size=(160, 40)) as screen:
        await apply(screen)
        text = (project.migrations / name).read_text()
        (project.migrations / name).write_text(text.replace("id int", "id bigint"))
        await screen.until("✎ edited")
        await show(screen, "Changes")
        await screen.until("- 3 CREATE TABLE t1 (id int PRIMARY KEY);")
        seen = " ".join(screen.preview().split())
        assert "The statements were changed after it ran: applied" in seen
        assert "+ 3 CREATE TABLE t1 (id bigint PRIMARY KEY);" in screen.preview()
        assert "  2 BEGIN;" in screen.preview()
        (project.migrations / name).write_text(text.replace("id int", "id smallint"))
        await screen.until("+ 3 CREATE TABLE t1 (id smallint PRIMARY KEY);")
        (project.migrations / name).write_text(text)
        await screen.until("No changes: the file is the text that ran on local")


async def test_cosmetic_change_and_changed_rollback_are_named(project: Project) -> None:
    name = project.table(1)
    path = project.migrations / name
    async with project.open(size=(160, 40)) as screen:
        await apply(screen)
        text = path.read_text()
        path.write_text(text.replace("BEGIN;\nCREATE", "BEGIN;  \nCREATE"))
        await screen.until("~ cosmetic")
        await show(screen, "Changes")
        await screen.until("Only comments, white space or line ends were changed")
        assert "+ 2 BEGIN;··" in screen.preview()
        path.write_text(text.replace("-- DROP TABLE t1", "-- DROP TABLE IF EXISTS t1"))
        await screen.until("Only the rollback was changed after it ran")
        path.write_bytes(text.replace("\n", "\r\n").encode())
        await screen.until("The line ends changed from LF to CR LF.")


async def test_history_lists_all_entries_newest_first(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1/0;\n-- Rollback:\n-- SELECT 2;\n")
    async with project.open(size=(160, 50)) as screen:
        await show(screen, "History")
        assert "The history of local has no entry for this" in screen.preview()
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("failed")
        await screen.until("apply failed")
        assert "division by zero (SQLSTATE 22012)" in screen.preview()
        project.write("001_a.sql", "SELECT 1;\n-- Rollback:\n-- SELECT 2;\n")
        await screen.press("escape")
        await screen.press("1")
        await apply(screen)
        await screen.until("✓ apply done")
        seen = screen.preview()
        assert seen.index("✓ apply done") < seen.index("✗ apply failed")
        assert "1 of 1 statement" in seen
        assert f"as {role(project)}" in seen


async def test_history_shows_entries_of_another_process(project: Project) -> None:
    name = project.table(1)
    async with project.open(size=(160, 50)) as screen:
        await apply(screen)
        await show(screen, "History")
        await screen.until("apply done")
        with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
            conn.execute(ALLOW, {"name": name})
        await screen.press("R")
        await screen.until("allow edited")
        assert "reason: the column was widened by hand" in screen.preview()
        assert "by eve@elsewhere" in screen.preview()


ALLOW = """
    INSERT INTO koonj.history (name, action, outcome, script, file_hash, statements_hash, rollback_hash,
        statements_done, statements_total, started, finished, os_user, host, version, run_id, reason, allowed)
    SELECT name, 'allow', 'done', script, 'x', 'x', 'x', 0, 0, now(), now(), 'eve', 'elsewhere', version, run_id,
        'the column was widened by hand', 'edited'
    FROM koonj.history WHERE name = %(name)s
    """


async def test_changes_and_history_are_unknown_when_the_target_is_unreachable(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open(size=(160, 40)) as screen:
        await screen.press("3", "G", "enter")
        await screen.until(lambda: screen.main.snapshot.chosen == "production")
        await screen.until(lambda: screen.main.snapshot.check.since is None)
        for tab in ("Changes", "History"):
            await show(screen, tab)
            assert "The history of production could not be read" in " ".join(screen.preview().split())


async def test_role_without_privilege_on_the_text_sees_the_reason(project: Project) -> None:
    name = project.table(1)
    async with project.open(size=(160, 40)) as screen:
        await apply(screen)
        with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
            conn.execute("ALTER TABLE koonj.history RENAME COLUMN script TO elsewhere")
        (project.migrations / name).write_text("SELECT 1;\n-- Rollback: none: x\n")
        await screen.until("✎ edited")
        await show(screen, "Changes")
        await screen.until("koonj could not read this: koonj.history has a format that this version")


async def test_missing_file_has_statements_and_history_but_no_changes(project: Project) -> None:
    name = project.table(1)
    async with project.open(size=(160, 40)) as screen:
        await apply(screen)
        (project.migrations / name).unlink()
        await screen.until("∅ missing")
        await show(screen, "Statements")
        await screen.until("create table t1")
        await show(screen, "Changes")
        assert "The file is missing. The tab Body shows the text that ran" in " ".join(
            screen.preview().split()
        )
        await show(screen, "History")
        await screen.until("apply done")


async def test_format_shows_the_reason_in_other_tabs(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await show(screen, "History")
        await screen.press("f")
        await screen.until("Only the tabs Body and Rollback can be formatted.")


@pytest.mark.parametrize("shown", Tab)
def test_current_tab_is_always_in_the_title(shown: Tab) -> None:
    for width in range(60):
        names = tab_names(shown, width)
        assert f"[{shown}]" in names
        assert len(names) <= max(width, len(shown) + 6)
    assert tab_names(shown, 60).count(" ") == len(Tab) - 1


def test_title_column_is_a_tab_or_a_step() -> None:
    title = " 2 ‹ [Statements] Changes › "
    assert tab_at(title, title.index("Ch")) is Tab.CHANGES
    assert tab_at(title, title.index("‹")) == -1
    assert tab_at(title, title.index("›")) == 1
    assert tab_at(title, 1) is None


def title_of(screen: Screen, tab: str) -> list[Segment]:
    """Return the segments of the title with a tab's name."""
    return [segment for segment in screen.main.preview.render_line(0) if tab in segment.text]


def role(project: Project) -> str:
    with psycopg.connect(project.targets[0].dsn) as conn:
        return conn.info.user
