"""The user's own editor: its command, and how koonj starts it."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import which

from textual.app import App, SuspendNotSupported

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


def edit(app: App[None], path: Path) -> None:
    """Suspend koonj, and run the editor in the terminal until it ends.

    Raises:
        EditorError: the editor did not start, or failed.
    """
    words = command(os.environ)
    try:
        with app.suspend():
            problem = _run(words, path)  # It must not raise, or Textual does not resume.
    except SuspendNotSupported as error:
        raise EditorError(
            f"koonj cannot suspend itself in this terminal. Edit {path} in another terminal."
        ) from error
    if problem:
        raise EditorError(problem)


def _run(words: list[str], path: Path) -> str:
    """Run the editor. Return the error message; empty if there is none."""
    try:
        ended = subprocess.run([*words, str(path)], check=False)  # noqa: S603 - the user's own command
    except OSError as error:
        return f"{words[0]} does not start: {error.strerror or error}. Check VISUAL and EDITOR."
    return f"{words[0]} ended with exit status {ended.returncode}." if ended.returncode else ""
