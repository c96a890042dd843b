"""Commands of one pane each; their keys work from every pane."""

from __future__ import annotations

from koonj.tui.commands.command import Command, Group, Situation, Verbs


class Filter(Command[Verbs]):
    """Show only those whose number, name, state or verdict has these words; Enter keeps it, Esc clears it."""

    key = "slash"
    label = "filter"
    group = Group.MIGRATIONS
    footer = "1"

    def run(self, screen: Verbs) -> None:
        """Open the line to type in."""
        screen.open_filter()


class New(Command[Verbs]):
    """Write a new migration from a pattern, or a blank one."""

    key = "n"
    label = "new"
    group = Group.MIGRATIONS
    footer = "1"

    def why_not(self, now: Situation) -> str | None:
        """The number of the next one must be known."""
        return None if now.snapshot.folder else "The migrations folder has not been read yet."

    def run(self, screen: Verbs) -> None:
        """Open the palette."""
        screen.over.palette()


class Targets(Command[Verbs]):
    """Go to the targets; there Enter chooses the one under the cursor."""

    key = "t"
    label = "target"
    group = Group.TARGETS
    footer = "14"

    def run(self, screen: Verbs) -> None:
        """Focus the pane."""
        screen.focus_pane("3")


class Refresh(Command[Verbs]):
    """Read the folder and ask every target again."""

    key = "R"
    label = "refresh"
    group = Group.TARGETS
    footer = "3"

    def run(self, screen: Verbs) -> None:
        """Look again, everywhere."""
        screen.look_again()


class Open(Command[Verbs]):
    """In the migrations: read the preview. In the targets: choose the one under the cursor."""

    key = "enter"
    also = ("space",)
    label = "choose"
    group = Group.MOVING
    listed = False
    footer = "3"

    def run(self, screen: Verbs) -> None:
        """What Enter means depends on the pane."""
        screen.open_current()


class Copy(Command[Verbs]):
    """Copy what the pane is about: path, text, dsn without secrets, the run's error or what it said."""

    key = "y"
    label = "copy"
    group = Group.KOONJ
    footer = "1234"

    def why_not(self, now: Situation) -> str | None:
        """There must be a text; and a y that is meant for a question must find no other meaning."""
        if now.running and (now.run is None or now.run.migration is None):
            return "The question has not come yet; y is the answer to it."
        return now.nothing_to_copy

    def run(self, screen: Verbs) -> None:
        """Send it to the terminal's clipboard, and show it."""
        screen.over.copy()


class Zoom(Command[Verbs]):
    """Give the current pane the whole screen, and back. Another pane that is gone to takes its place."""

    key = "plus"
    label = "zoom"
    group = Group.MOVING
    footer = "1234"
    while_running = False

    def run(self, screen: Verbs) -> None:
        """In, or out."""
        screen.toggle_zoom()


class NextTab(Command[Verbs]):
    """Show the next tab: Body, Rollback, Statements, Changes since it ran, Rehearsal, History."""

    key = "v"
    also = ("right_square_bracket",)
    label = "next tab"
    group = Group.PREVIEW
    footer = "2"

    def run(self, screen: Verbs) -> None:
        """The next one; after the last the first."""
        screen.step_tab(1)


class PreviousTab(Command[Verbs]):
    """Show the tab before."""

    key = "left_square_bracket"
    label = "previous tab"
    group = Group.PREVIEW

    def run(self, screen: Verbs) -> None:
        """The one before; before the first the last."""
        screen.step_tab(-1)


class Format(Command[Verbs]):
    """Show the text as a formatter writes it, and back. The file stays as it is."""

    key = "f"
    label = "format"
    group = Group.PREVIEW
    footer = "2"

    def why_not(self, now: Situation) -> str | None:
        """There must be a text."""
        if not now.tab.is_text:
            return "Only Body and Rollback can be formatted."
        return None if now.has_text else "There is no text to format."

    def run(self, screen: Verbs) -> None:
        """Format in a thread, or show the file's own text again."""
        screen.toggle_format()
