"""What koonj uses of Textual's inside: each test says what breaks when it changes."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.filter import LineFilter

from koonj.tui.private import to_ascii
from support.screen import Project


def test_ascii_mode_stands_on_the_list_of_filters() -> None:
    """Without it `--ascii` and terminals without UTF-8 would get characters that they cannot show."""
    filters = App[int]()._filters
    assert isinstance(filters, list)
    assert all(isinstance(one, LineFilter) for one in filters)


async def test_goldens_stand_on_the_compositor(project: Project) -> None:
    """Without it the tests cannot read the screen; the program is not touched."""
    async with project.open((80, 24)) as screen:
        assert len(screen.lines()) == 24


def test_every_character_keeps_its_cells() -> None:
    assert to_ascii("✓ applied") == "+ applied"
    assert to_ascii("東") == "??"
    assert to_ascii("plain") == "plain"


async def test_a_defect_is_reported_without_values(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Textual's own report prints local variables, and with them a dsn and its password."""

    def defect() -> None:
        password = "hunter2"
        raise RuntimeError(f"a defect near something of {len(password)} letters")

    app = None
    with pytest.raises(RuntimeError, match="a defect"):  # noqa: PT012 - the test's end raises it again
        async with project.open((80, 24)) as screen:
            app = screen.app
            app.call_later(defect)
            await screen.until(lambda: not screen.app.is_running)
    assert app is not None
    assert app.return_code == 1
    shown = capsys.readouterr().err
    assert "a defect near something of 7 letters" in shown
    assert "hunter2" not in shown
