"""The user's own editor: its command, and how koonj starts it."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from shutil import which
from types import MappingProxyType

from textual.app import App, SuspendNotSupported

from koonj.tui.toolkit.plain_screen import without_screen

_DEFAULT_EDITORS = ("sensible-editor", "editor", "vim", "vi", "nano")


class EditorError(Exception):
    """Raised when the file cannot be edited. The message has the reason and the fix."""


def command(environ: Mapping[str, str]) -> list[str]:
    """Return the editor's command line.

    Raises:
        EditorError: no editor was found, or its variable is not a command line.
    """
    for variable in ("VISUAL", "EDITOR"):
        if line := environ.get(variable, "").strip():
            return _words(variable, line)
    for name in _DEFAULT_EDITORS:
        if found := which(name, path=environ.get("PATH")):
            return [found]
    raise EditorError(
        "No editor found. Set VISUAL or EDITOR to its command, for example 'vim' or 'code --wait'."
    )


def _words(variable: str, line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise EditorError(f"{variable} is not a valid command line: {error}.") from error


def opened_at(words: Sequence[str], path: Path, line: int | None, column: int | None) -> list[str]:
    """Return the command line that opens `path` at a place, as this editor takes it.

    An editor that koonj does not know gets only the path.
    """
    form = _FORMS.get(_editor_name(words[0]))
    if line is None or form is None:
        return [*words, str(path)]
    values = {"path": str(path), "line": line, "column": column or 1}
    return [*words, *(word.format(**values) for word in form)]


def _editor_name(program: str) -> str:
    """Return the name of an editor's program: ``vim`` for ``/usr/bin/vim.basic``.

    ``editor`` is a link to an editor on Debian (https://wiki.debian.org/DebianAlternatives).
    """
    name = Path(program).name
    if name == "editor":
        found = which(program)
        name = Path(found).resolve().name if found else name
    return name.partition(".")[0]


_PLUS = ("+{line}", "{path}")
_PLUS_COLUMN = ("+{line}:{column}", "{path}")
_SUFFIX = ("{path}:{line}:{column}",)
_GO_TO = ("-g", "{path}:{line}:{column}")
_FORMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("vi", "vim", "nvim", "view", "gvim", "nvi", "elvis"), _PLUS),
        **dict.fromkeys(("joe", "jed", "mg", "ne", "mcedit"), _PLUS),
        **dict.fromkeys(("nano", "rnano"), ("+{line},{column}", "{path}")),
        **dict.fromkeys(("emacs", "emacsclient", "micro", "kak"), _PLUS_COLUMN),
        **dict.fromkeys(("hx", "helix", "subl", "zed", "zeditor"), _SUFFIX),
        **dict.fromkeys(("code", "code-insiders", "codium", "cursor"), _GO_TO),
    }
)
"""The words of the command line after the editor's own, by the name of its program."""


def edit(app: App[None], path: Path, line: int | None = None, column: int | None = None) -> None:
    """Suspend koonj, and run the editor in the terminal until it ends.

    `line`, `column`: where the cursor is first, if koonj knows how this editor takes it.

    Raises:
        EditorError: the editor did not start, or failed.
    """
    words = opened_at(command(os.environ), path, line, column)
    try:
        problem = without_screen(app, partial(_run, words))
    except SuspendNotSupported as error:
        raise EditorError(
            f"koonj cannot suspend itself in this terminal. Edit {path} in another terminal."
        ) from error
    if problem:
        raise EditorError(problem)


def _run(words: list[str]) -> str:
    """Run the editor. Return the error message; empty if there is none."""
    try:
        ended = subprocess.run(words, check=False)  # noqa: S603 - the user's own command
    except OSError as error:
        return f"{words[0]} does not start: {error.strerror or error}. Check VISUAL and EDITOR."
    return f"{words[0]} ended with exit status {ended.returncode}." if ended.returncode else ""
