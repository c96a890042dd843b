"""Commands of one pane. Their keys work in every pane."""

from __future__ import annotations

from koonj.tui.commands.command import Command, Group, Situation, Verbs


class Filter(Command[Verbs]):
    """Filter the list by number, name, state or verdict; in another pane search its text.

    Enter keeps the filter or the search, Esc ends it. During a search, n and N go to the next and the
    previous match; they do nothing else then. Small letters match capitals too.
    """

    key = "slash"
    label = "filter"
    group = Group.MIGRATIONS
    footer = "124"

    def label_for(self, now: Situation) -> str:
        """Return what the key does in the current pane."""
        return "filter" if now.pane == "1" else "search"

    def run(self, screen: Verbs) -> None:
        screen.search()


class SearchSql(Command[Verbs]):
    """Filter the list by a text in the SQL of the files. The same as a filter that starts with sql:."""

    key = "S"
    label = "search SQL"
    group = Group.MIGRATIONS

    def run(self, screen: Verbs) -> None:
        screen.search_files()


class Sort(Command[Verbs]):
    """Sort the list by number, by state (the worst first), by when it was applied, or by how long it took.

    The title says which, unless it is the number.
    """

    key = "O"
    label = "sort"
    group = Group.MIGRATIONS

    def run(self, screen: Verbs) -> None:
        screen.next_order()


class New(Command[Verbs]):
    """Create a migration from a pattern, or a blank one."""

    key = "n"
    label = "new"
    group = Group.MIGRATIONS
    footer = "1"
    only_own_folder = True

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if the folder is not read: its next number is unknown."""
        return None if now.snapshot.folder else "koonj has not read the migrations folder yet."

    def run(self, screen: Verbs) -> None:
        screen.navigator.new_migration()


class Targets(Command[Verbs]):
    """Go to the targets. The key that opens chooses the selected target there."""

    key = "t"
    label = "target"
    group = Group.TARGETS
    footer = "14"

    def run(self, screen: Verbs) -> None:
        screen.focus_pane("3")


class Refresh(Command[Verbs]):
    """Read the folder and check every target again."""

    key = "R"
    label = "refresh"
    group = Group.TARGETS
    footer = "3"

    def run(self, screen: Verbs) -> None:
        screen.refresh_all()


class Open(Command[Verbs]):
    """Open: in the migrations the preview, in the targets the selected one, in preview and run a place.

    That is the line that failed; in the run it is the statement of the line with the cursor, or the run on
    the target of that line.
    """

    key = "enter"
    also = ("space",)
    label = "choose"
    group = Group.MOVING
    listed = False
    footer = "3"

    def run(self, screen: Verbs) -> None:
        screen.open_current()


class Copy(Command[Verbs]):
    """Copy the current item to the clipboard.

    It is a path, a text, a connection string without secrets, or run output.
    """

    key = "y"
    label = "copy"
    group = Group.KOONJ
    footer = "1234"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if there is no text, or while a confirmation is about to open.

        The user can press y for the confirmation before it opens; koonj must not copy then.
        """
        if now.running and (now.run is None or now.run.migration is None):
            return "Not now: y is reserved for the confirmation that follows."
        if now.awaits_dialog:
            return "Not now: what you asked for is about to open."
        return now.nothing_to_copy

    def run(self, screen: Verbs) -> None:
        screen.navigator.copy()


class Zoom(Command[Verbs]):
    """Zoom the current pane to the whole screen, or restore the layout."""

    key = "plus"
    label = "zoom"
    group = Group.MOVING
    footer = "1234"
    while_running = False

    def run(self, screen: Verbs) -> None:
        screen.toggle_zoom()


class NextTab(Command[Verbs]):
    """Show the next tab of the preview.

    The tabs are Body, Rollback, Statements, Changes, Rehearsal and History.
    """

    key = "v"
    also = ("right_square_bracket",)
    label = "next tab"
    group = Group.PREVIEW
    footer = "2"

    def run(self, screen: Verbs) -> None:
        screen.step_tab(1)


class PreviousTab(Command[Verbs]):
    """Show the previous tab of the preview."""

    key = "left_square_bracket"
    label = "previous tab"
    group = Group.PREVIEW

    def run(self, screen: Verbs) -> None:
        screen.step_tab(-1)


class Wrap(Command[Verbs]):
    """Wrap long lines of SQL, or scroll them sideways. Differences are always wrapped."""

    key = "W"
    label = "wrap"
    group = Group.PREVIEW

    def run(self, screen: Verbs) -> None:
        screen.toggle_wrap()


class Format(Command[Verbs]):
    """Show the SQL formatted, or as written. Does not change the file."""

    key = "f"
    label = "format"
    group = Group.PREVIEW
    footer = "2"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if the tab has no SQL text."""
        if not now.tab.is_text:
            return "Only the tabs Body and Rollback can be formatted."
        return None if now.has_text else "This tab has no text to format."

    def run(self, screen: Verbs) -> None:
        screen.toggle_format()
