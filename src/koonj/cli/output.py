"""All that goes to stdout: lines of text, or JSON."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from koonj.cli.diagnostics import CommandError
from koonj.cli.stream import Stream, standard_output

VERSION = 1
"""Of the JSON shape in docs/json.md: new keys may come within a version, none changes its meaning or goes."""


class Output:
    """Stdout: a report is text for a person, or one JSON document for a program."""

    def __init__(self, *, as_json: bool, stream: Stream | None = None) -> None:
        """Raises CommandError where stdout is closed: what has nowhere to report to does not begin."""
        self._stream = stream or standard_output()
        self.check()
        self.as_json = as_json

    @property
    def ascii_only(self) -> bool:
        """Can stdout show less than Unicode?"""
        return self._stream.ascii_only

    @property
    def is_terminal(self) -> bool:
        """Does a person look at it?"""
        return self._stream.is_terminal

    def lines(self, lines: Iterable[str]) -> None:
        """Lines of text, shown when all are written."""
        for line in lines:
            self._stream.line(line)
        self._stream.flush()

    def document(self, command: str, content: Mapping[str, Any]) -> None:
        """A whole report as one JSON document."""
        self._json({"koonj": VERSION, "command": command, **content}, indent=2)

    def event(self, content: Mapping[str, Any]) -> None:
        """One thing that happened in a run, as one line of JSON."""
        self._json({"koonj": VERSION, **content}, indent=None)

    def flush(self) -> None:
        """Show what was written until now."""
        self._stream.flush()

    def check(self) -> None:
        """Raises CommandError where output was lost (a full disk), not where a reader left."""
        self._stream.flush()
        if self._stream.lost is not None:
            raise CommandError(
                f"stdout cannot be written: {self._stream.lost}.", "Not all that koonj had to say is there."
            )

    def verbatim(self, raw: bytes) -> None:
        """A file's bytes, untouched."""
        self._stream.write_bytes(raw)
        self._stream.flush()

    def _json(self, content: Mapping[str, Any], *, indent: int | None) -> None:
        # ASCII only: what JSON escapes can neither move a cursor nor fail to be encoded.
        self._stream.write(json.dumps(content, ensure_ascii=True, indent=indent) + "\n")
        self._stream.flush()
