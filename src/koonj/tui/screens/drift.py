"""Drift: what the target has that its applied files do not produce, and the other way round."""

from __future__ import annotations

from time import monotonic

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.timer import Timer

from koonj.config import Target
from koonj.runner.drift.report import DriftReport
from koonj.tui.commands.clipboard import Clip, clean
from koonj.tui.commands.command import bindings, named
from koonj.tui.commands.navigation import COVERING
from koonj.tui.render.drift_lines import counted, grouped, head_parts, working
from koonj.tui.screens.copy_dialog import Copied
from koonj.tui.toolkit.key_presses import BACK
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.drift_definition import Definition
from koonj.tui.widgets.drift_list import DriftList
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.text_line import TextLine
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.child_events import SubprocessError

CLOSE, CANCEL, AGAIN, COPY, OTHER = "close", "cancel", "again", "copy", "other"
TICK = 1.0
"""Seconds between two updates of the elapsed time."""
WIDE = 100
"""Cells from which on list and definition stand side by side."""
_WORKING = (Hint("c", "cancel", command=CANCEL), Hint("Esc", "close", command=CLOSE))
_FOUND = (
    Hint("j/k", "object"),
    Hint("Tab", "other pane", command=OTHER),
    Hint("y", "copy", command=COPY),
    Hint("R", "compare again", command=AGAIN),
    Hint("Esc", "close", command=CLOSE),
)
_NOTHING = (Hint("R", "compare again", command=AGAIN), Hint("Esc", "close", command=CLOSE))


class DriftScreen(Screen[None]):
    """Covers the main screen; compares when it is opened, in a process of its own, and shows what differs."""

    BINDINGS = bindings(COVERING)  # type: ignore[assignment] # a list of bindings is what Textual takes
    AUTO_FOCUS = "DriftList"

    def __init__(self, engine: Backend, target: Target) -> None:
        super().__init__()
        self._engine = engine
        self._target = target
        self._since = 0.0
        self._ticker: Timer | None = None
        self._found: DriftReport | None = None

    def compose(self) -> ComposeResult:
        """Target and servers, how many, which; the one under the cursor; keys."""
        yield TextLine(id="place")
        yield TextLine(id="counts")
        with Container(id="drift"):
            yield DriftList()
            yield Definition()
        yield BottomLine()

    def on_mount(self) -> None:
        """Begin at once: that is what it was opened for."""
        self.compare()

    @property
    def pane(self) -> Pane:
        """The one that has the keys."""
        return self.focused if isinstance(self.focused, Pane) else self.objects

    @property
    def objects(self) -> DriftList:
        """What differs."""
        return self.query_one(DriftList)

    @property
    def busy(self) -> bool:
        """Is it being compared?"""
        return self._ticker is not None

    # Comparing

    def compare(self) -> None:
        """Anew."""
        self._found, self._since = None, monotonic()
        self.objects.differences = ()
        self._ticker = self._ticker or self.set_interval(TICK, self._tell)
        self.query_one(BottomLine).hints = _WORKING
        self._tell()
        start_task(self, self._compare, "drift", exclusive=True)

    async def _compare(self) -> None:
        try:
            found = await self._engine.drift(self._target)
        except (OSError, SubprocessError) as error:
            self._ended(f"It is not known: {error}")
        except Exception as error:  # a defect must be seen, and must not take the screen along
            self._ended(f"koonj failed: {type(error).__name__}: {error}")
        else:
            self._found = found
            self.objects.differences = grouped(found.differences)
            self._ended("")

    def cancel(self) -> None:
        """Compare no further."""
        self.workers.cancel_group(self, "drift")
        self._ended("Cancelled: it is not known whether the target has drifted.")

    def _ended(self, trouble: str) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None
        anything = self._found is not None and self._found.differences
        self.query_one(BottomLine).hints = _FOUND if anything else _NOTHING
        self.objects.trouble = trouble
        self.objects.notes = self._found.notes if self._found else ()
        self.objects.none = self._found is not None and not anything
        self._tell()

    def _tell(self) -> None:
        """The lines above the panes; one pane alone where there is nothing to compare."""
        self.query_one(Definition).display = bool(self.objects.differences)
        self.query_one("#place", TextLine).parts = head_parts(self._target, self._found)
        line = working(monotonic() - self._since) if self.busy else counted(self._found)
        self.query_one("#counts", TextLine).parts = line

    # What is done

    def action_command(self, name: str) -> None:
        """Move a pane, or draw all anew."""
        self.query_one(BottomLine).said = None
        named(COVERING, name).run(self)

    def on_key(self, event: events.Key) -> None:
        """The keys of this screen."""
        command = _KEYS.get(event.key) or (CLOSE if event.key in BACK else None)
        if command is not None:
            event.stop()
            self._do(command)

    @on(BottomLine.Clicked)
    def hint_clicked(self, event: BottomLine.Clicked) -> None:
        """A click on a key is as good as the key."""
        self._do(event.command)

    def _do(self, command: str) -> None:
        if command == CLOSE:
            self.close()
        elif command == CANCEL and self.busy:
            self.cancel()
        elif command == AGAIN and not self.busy:
            self.compare()
        elif command == OTHER:
            (self.objects if self.pane is not self.objects else self.query_one(Definition)).focus()
        elif command == COPY and self.objects.current is not None:
            self._copy()

    def _copy(self) -> None:
        definition = self.query_one(Definition)
        text = clean(definition.text)
        clip = Clip(f"how {definition.name_shown} differs", text, len(text.encode()))
        if clip.fits:
            self.app.copy_to_clipboard(clip.text)
        self.app.push_screen(Copied(clip))

    def close(self) -> None:
        """Leave it; what goes on is ended."""
        if self.is_current:
            self.dismiss(None)

    @on(DriftList.Selected)
    def selected(self, message: DriftList.Selected) -> None:
        """Show the object's definitions."""
        self.query_one(Definition).differing = message.differing

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where there is room."""
        self.set_class(event.size.width >= WIDE, "-wide")


_KEYS = {
    "q": CLOSE,
    "D": CLOSE,
    "c": CANCEL,
    "R": AGAIN,
    "y": COPY,
    "tab": OTHER,
    "shift+tab": OTHER,
    "enter": OTHER,
}
