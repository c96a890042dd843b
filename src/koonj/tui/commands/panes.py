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
