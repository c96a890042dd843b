"""koonj's uses of Textual's private interface: each test says what breaks when it changes."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.drivers._writer_thread import WriterThread
from textual.filter import LineFilter
from textual.geometry import Region

import koonj
from koonj.tui.theme.ascii import to_ascii
from koonj.tui.toolkit import textual_private
from koonj.tui.toolkit.textual_private import _is_known, _pieces, _size, _writer_thread
from support.screen import Project


def _textual_modules(source: Path) -> Iterator[str]:
    """Yield the names that a file imports from Textual, each with its module."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "textual")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "textual":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_one_module_imports_private_modules_of_textual() -> None:
    """So an upgrade of Textual concerns one module."""
    package = Path(koonj.__file__).parent
    found = {
        source
        for source in package.rglob("*.py")
        for name in _textual_modules(source)
        if any(part.startswith("_") for part in name.split("."))
    }
    assert found == {Path(textual_private.__file__)}


def test_textual_has_the_list_of_filters() -> None:
    """Without it, `--ascii` and terminals without UTF-8 would get characters that they cannot show."""
    filters = App[int]()._filters
    assert isinstance(filters, list)
    assert all(isinstance(one, LineFilter) for one in filters)


async def test_compositor_updates_have_the_expected_parts(project: Project) -> None:
    """Without these parts Textual writes whole regions by itself."""
    async with project.open((80, 24)) as screen:
        compositor = screen.main._compositor
        shown = [strip.text for strip in compositor.render_strips()]
        for full in (True, False):
            compositor._dirty_regions = {Region(0, 3, 80, 2), Region(70, 10, 5, 1)}
            update = compositor.render_update(full=full)
            assert isinstance(update, LayoutUpdate if full else ChopsUpdate)
            assert _is_known(update)
            assert _size(update) == (80, 24)
            pieces = list(_pieces(update))
            assert {y for y, _, _ in pieces} == (set(range(24)) if full else {3, 4, 10})
            for y, x, strip in pieces:
                assert shown[y][x : x + strip.cell_length] == strip.text
            del vars(update)["strips" if full else "spans"]
            assert not _is_known(update)


def test_textual_has_the_writer_thread() -> None:
    """koonj asks it for the number of waiting writes, and whether the terminal is still the same."""
    written = io.StringIO()
    line = WriterThread(written)
    app = App[None]()
    app._driver = SimpleNamespace(is_inline=False, _writer_thread=line)  # type: ignore[assignment]
    assert _writer_thread(app) is line
    assert (line.is_alive(), line._queue.qsize()) == (False, 0)
    line.start()
    line.write("x")
    line.stop()
    assert (line.is_alive(), written.getvalue()) == (False, "x")


@pytest.mark.parametrize(
    "driver",
    [
        None,
        SimpleNamespace(is_inline=True, _writer_thread=WriterThread(io.StringIO())),
        SimpleNamespace(is_inline=False),
        SimpleNamespace(is_inline=False, _writer_thread=io.StringIO()),
    ],
    ids=["none", "inline", "no thread", "another kind"],
)
def test_textual_writes_by_itself_when_the_thread_is_missing(driver: object) -> None:
    app = App[None]()
    app._driver = driver  # type: ignore[assignment]
    assert _writer_thread(app) is None


def test_whole_frames_are_written_when_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App[None]()
    app._driver = SimpleNamespace(is_inline=False, _writer_thread=WriterThread(io.StringIO()))  # type: ignore[assignment]
    monkeypatch.setenv("KOONJ_WHOLE_FRAMES", "1")
    assert _writer_thread(app) is None


async def test_textual_has_the_compositor(project: Project) -> None:
    """Without it the tests cannot read the screen; the program does not depend on it."""
    async with project.open((80, 24)) as screen:
        assert len(screen.lines()) == 24


def test_ascii_characters_keep_the_number_of_cells() -> None:
    assert to_ascii("✓ applied") == "+ applied"
    assert to_ascii("東") == "??"
    assert to_ascii("plain") == "plain"


async def test_crash_report_has_no_values(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Textual's own report prints local variables, including a dsn and its password."""

    def defect() -> None:
        password = "hunter2"
        raise RuntimeError(f"a defect near something of {len(password)} letters")

    app = None
    with pytest.raises(RuntimeError, match="a defect"):  # noqa: PT012 - the end of the test raises it again
        async with project.open((80, 24)) as screen:
            app = screen.app
            app.call_later(defect)
            await screen.until(lambda: not screen.app.is_running)
    assert app is not None
    assert app.return_code == 1
    shown = capsys.readouterr().err
    assert "a defect near something of 7 letters" in shown
    assert "hunter2" not in shown
