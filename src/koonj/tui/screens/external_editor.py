"""The person's own editor: which one, and how it is started."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import which

from textual.app import App, SuspendNotSupported

_USUAL = ("sensible-editor", "editor", "vim", "vi", "nano")


class EditorError(Exception):
    """The file cannot be edited. The message says why and what to do."""


def command(environ: Mapping[str, str]) -> list[str]:
    """The editor's command line. Raises EditorError where there is none."""
    for variable in ("VISUAL", "EDITOR"):
        if line := environ.get(variable, "").strip():
            return _words(variable, line)
    for name in _USUAL:
        if found := which(name, path=environ.get("PATH")):
            return [found]
    raise EditorError("No editor found: set VISUAL or EDITOR to its command, such as 'vim' or 'code --wait'.")


def _words(variable: str, line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise EditorError(f"{variable} cannot be read as a command line: {error}.") from error


def edit(app: App[None], path: Path) -> None:
    """Lend the terminal to the editor until it ends. Raises EditorError."""
    words = command(os.environ)
    try:
        with app.suspend():
            wrong = _run(words, path)  # must not raise: Textual would not take the terminal back
    except SuspendNotSupported as error:
        raise EditorError(f"This terminal cannot be lent to an editor: edit {path} in another.") from error
    if wrong:
        raise EditorError(wrong)


def _run(words: list[str], path: Path) -> str:
    """Run the editor; gives what went wrong, empty for nothing."""
    try:
        ended = subprocess.run([*words, str(path)], check=False)  # noqa: S603 - the person's own command
    except OSError as error:
        return f"{words[0]} does not start: {error.strerror or error}. Look at VISUAL and EDITOR."
    return f"{words[0]} ended with exit status {ended.returncode}." if ended.returncode else ""
