"""The preview: body and rollback with the file's line numbers, transactions, problems."""

from __future__ import annotations

from support.screen import Project


async def test_body_and_rollback_have_line_numbers_of_the_file(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        assert "[Body]" in screen.pane("2")[0]
        assert " 3 CREATE TABLE t1 (id int PRIMARY KEY);" in screen.preview()
        assert "Rollback:" not in "\n".join(screen.pane("2")[1:])
        await screen.press("v")
        assert "[Rollback]" in screen.pane("2")[0]
        assert " 8 DROP TABLE t1;" in screen.preview()
        assert "-- DROP" not in screen.preview()
        await screen.press("left_square_bracket")
        assert "[Body]" in screen.pane("2")[0]


async def test_header_shows_how_statements_commit(project: Project) -> None:
    project.table(1)
    project.write(
        "002_index.sql", "CREATE INDEX CONCURRENTLY i ON t1 (id);\n-- Rollback:\n-- DROP INDEX i;\n"
    )
    async with project.open() as screen:
        assert "one transaction" in screen.preview()
        await screen.press("j")
        assert "CONCURRENTLY" in "".join(screen.pane("2")[:6])
        assert "outside a transaction" in " ".join(screen.preview().split())


async def test_problem_is_shown_with_its_line(project: Project) -> None:
    project.write("001_open.sql", "BEGIN;\nSELECT 1;\n-- Rollback:\n-- SELECT 1;\n")
    async with project.open() as screen:
        assert "! error, line 1:" in screen.preview()


async def test_duplicate_number_is_a_problem_of_both_files(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1;\n-- Rollback: none: nothing\n")
    project.write("001_b.sql", "SELECT 1;\n-- Rollback: none: nothing\n")
    async with project.open() as screen:
        assert "= duplicate" in screen.row("001 a")
        assert "001_b.sql" in screen.preview()


async def test_file_without_rollback_shows_the_reason(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1;\n-- Rollback: none: it only reads\n")
    async with project.open() as screen:
        await screen.press("v")
        assert "No rollback: it only reads" in screen.preview()


async def test_f_formats_the_preview_and_keeps_the_file(project: Project) -> None:
    path = project.write("001_a.sql", "select a,b from t where x=1;\n-- Rollback: none: it only reads\n")
    before = path.read_bytes()
    async with project.open() as screen:
        await screen.press("f")
        await screen.until("formatted; the file is unchanged")
        await screen.press("f")
        await screen.until(lambda: "formatted; the file" not in screen.text())
        assert "select a,b from t where x=1;" in screen.preview()
    assert path.read_bytes() == before


async def test_long_line_can_be_scrolled_sideways(project: Project) -> None:
    project.write("001_a.sql", f"SELECT '{'x' * 80}' AS the_end;\n-- Rollback: none: it only reads\n")
    async with project.open() as screen:
        assert "the_end" not in screen.preview()
        await screen.press("2", *["l"] * 9)
        assert "the_end" in screen.preview()
        await screen.press(*["h"] * 10)
        assert "SELECT" in screen.preview()


async def test_missing_file_shows_text_from_history(project: Project) -> None:
    name = project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        (project.migrations / name).unlink()
        await screen.until("∅ missing")
        await screen.until("File missing. Text from koonj.history.")
        assert "CREATE TABLE t1" in screen.preview()
