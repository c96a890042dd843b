"""Keys that do not confirm on a protected target, and a question whose run has ended."""

from __future__ import annotations

from koonj.runner.run.events import RunResult
from koonj.tui.screens.confirm_dialog import ConfirmDialog
from support.screen import Project


async def test_y_does_not_confirm_on_a_protected_target(protected: Project) -> None:
    """The line to type in has the focus, but a person can move it away."""
    protected.table(1)
    async with protected.open((100, 30)) as screen:
        await screen.press("a")
        await screen.expect_dialog("production", "PROTECTED")
        dialog = screen.app.screen
        assert isinstance(dialog, ConfirmDialog)
        dialog.set_focus(dialog.pane)
        await screen.pilot.pause()
        decided: list[object] = []
        dialog.decide = lambda *args: decided.append(args)  # type: ignore[method-assign]
        await screen.press("y", "n")
        assert decided == []
        assert screen.app.screen is dialog
        await screen.press("escape")
        await screen.expect_run("not confirmed")


async def test_the_question_goes_when_its_run_ends(project: Project) -> None:
    project.table(1)
    async with project.open((100, 30)) as screen:
        await screen.press("a")
        await screen.expect_dialog("Apply 1 migration to local?")
        screen.main.control.cancel()
        await screen.until(lambda: screen.app.screen is screen.main)
        await screen.expect_run("cancelled")
        view = screen.main.view
        assert view is not None
        assert view.finished is not None
        assert view.finished.result is RunResult.CANCELLED
        await screen.press("a")
        await screen.expect_dialog("Apply 1 migration to local?")
        await screen.press("n")
        await screen.expect_run("not confirmed")
