"""Many messages of the server, and very long ones."""

from __future__ import annotations

from koonj.runner.run import events
from koonj.runner.run.direction import Direction
from koonj.tui.state.run import LOG_LIMIT, RunView
from koonj.tui.state.run_events import fold
from koonj.tui.widgets.run_pane import RunPane
from support.screen import Project, Screen

NOTICES = 20_000


async def apply(screen: Screen, word: str = "done") -> None:
    await screen.press("a")
    await screen.expect_dialog()
    await screen.yes()
    await screen.expect_run(word)


async def test_log_keeps_the_last_notices_and_counts_earlier_ones(project: Project) -> None:
    body = f"BEGIN FOR i IN 1..{NOTICES} LOOP RAISE NOTICE 'number %', i; END LOOP; END"
    project.write("001_say.sql", f"DO $$ {body} $$;\n-- Rollback: none: it says\n")
    async with project.open() as screen:
        await apply(screen)
        view = screen.main.view
        assert view is not None
        assert len(view.log) == LOG_LIMIT
        assert f"NOTICE: number {NOTICES}" in screen.run()
        await screen.press("4", "g")
        assert f"… {NOTICES + 1 - LOG_LIMIT} earlier lines" in screen.run()


async def test_log_stays_scrolled_up_when_lines_are_added(project: Project) -> None:
    body = "BEGIN FOR i IN 1..100 LOOP RAISE NOTICE 'number %', i; END LOOP; PERFORM pg_sleep(0.3); END"
    project.write("001_say.sql", f"DO $$ {body} $$;\n-- Rollback: none: it says\n")
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.until("NOTICE: number 100")
        await screen.press("4", "g")
        assert "NOTICE: number 1\n" in screen.run() + "\n"
        await screen.expect_run("ended")
        assert "NOTICE: number 1\n" in screen.run() + "\n"
        await screen.press("G")
        assert "done" in screen.run()


def all_of(pane: RunPane) -> str:
    """Return the pane's whole text, with a space for each line end."""
    return " ".join(" ".join(pane.draw(index, 200).text for index in range(pane.count())).split())


async def test_message_of_a_megabyte_is_cut_with_a_note(project: Project) -> None:
    project.write(
        "001_long.sql",
        "DO $$ BEGIN RAISE EXCEPTION '%', repeat('word ', 200000); END $$;\n-- Rollback: none: it fails\n",
    )
    async with project.open() as screen:
        await apply(screen, "failed")
        assert "word word" in screen.run()
        await screen.press("4", "G")
        assert "next" in screen.run(), "a long message does not push what to do out of sight"
        await screen.press("plus")  # which shows all of it
        pane = screen.main.query_one(RunPane)
        await screen.until(lambda: "… and 992000 more characters" in all_of(pane))


async def test_control_characters_of_the_server_are_made_visible(project: Project) -> None:
    project.write(
        "001_evil.sql",
        "DO $$ BEGIN RAISE NOTICE E'a\\tb\\x1b[31mc\\rd\\u202ee [red]f'; END $$;\n-- Rollback: none: it says\n",
    )
    async with project.open() as screen:
        await apply(screen)
        assert "a   b␛[31mc␍d<U+202E>e [red]f" in screen.run()


def test_log_keeps_the_order_of_mixed_events() -> None:
    view = RunView("local", Direction.APPLY, 0.0)
    said = [events.Notice("m", "NOTICE", str(n)) for n in range(3)]
    retry = events.Retrying("m", 2, 3, "55P03", "lock timeout", 1.0)
    view = fold(view, [*said, retry, *said])
    texts = [line.text for line in view.log]
    assert texts[:3] == ["NOTICE: 0", "NOTICE: 1", "NOTICE: 2"]
    assert texts[3] == "55P03 lock timeout: rolled back; attempt 2 of 3 in 1.00 s"
    assert texts[4:] == texts[:3]
