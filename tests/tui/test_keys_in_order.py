"""Keys that arrive in one packet, as over ssh, go where they would have gone one by one."""

from textual.events import Key

from koonj.tui.screens.palette import Palette
from support.screen import Project, Screen


def in_one_packet(screen: Screen, *keys: str) -> None:
    """All of them before the program has seen the first."""
    for key in keys:
        named = {"/": "slash"}.get(key, key)
        screen.app.post_message(Key(named, key if len(key) == 1 else None))


async def test_what_is_typed_behind_the_slash_is_the_filter_and_no_command(project: Project) -> None:
    for number in (1, 2, 3):
        project.table(number)
    async with project.open() as screen:
        in_one_packet(screen, "/", "t", "2", "enter")
        await screen.until(lambda: len(screen.migrations()) == 1)
        assert "002" in screen.row("make_t2")
        assert "chosen" in screen.text()
        in_one_packet(screen, "escape", "j", "j")
        await screen.until(lambda: screen.main.selected is not None and screen.main.selected.number == 3)


async def test_tab_ends_a_field_before_the_next_is_typed(project: Project) -> None:
    async with project.open() as screen:
        await screen.press("n")
        await screen.until("Add a column")
        in_one_packet(screen, "enter", *"users", "tab", *"age", "tab", *"int", "tab", "0")
        await screen.until("ADD COLUMN IF NOT EXISTS age int DEFAULT 0 NOT NULL")
        in_one_packet(screen, "escape", "escape", "q")
        await screen.until(lambda: not isinstance(screen.app.screen, Palette))


async def test_a_key_whose_widget_is_gone_holds_nobody_up(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        in_one_packet(screen, "question_mark", "escape", "question_mark", "escape", "2")
        await screen.until(lambda: screen.main.pane.NUMBER == "2" and screen.app.screen is screen.main)
