"""Reports on stdout: lines of text, or JSON."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from koonj.cli.diagnostics import CommandError
from koonj.cli.stream import Stream, standard_output

VERSION = 1
"""Version of the JSON format in docs/json.md.

A version can gain new keys; existing keys are never removed and never change their meaning.
"""


class Output:
    """Writer to stdout: text for users, or JSON for programs."""

    def __init__(self, *, as_json: bool, stream: Stream | None = None) -> None:
        """Check that stdout is open: a command that cannot report must not start.

        Raises:
            CommandError: stdout is closed.
        """
        self._stream = stream or standard_output()
        self.check()
        self.as_json = as_json

    @property
    def ascii_only(self) -> bool:
        """Whether stdout can show only ASCII."""
        return self._stream.ascii_only

    @property
    def is_terminal(self) -> bool:
        """Whether stdout is a terminal."""
        return self._stream.is_terminal

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines of text; flush after the last."""
        self._stream.lines(lines)

    def document(self, command: str, content: Mapping[str, Any]) -> None:
        """Print a whole report as one JSON document."""
        self._json({"koonj": VERSION, "command": command, **content}, indent=2)

    def array(self, command: str, head: Mapping[str, Any], name: str) -> "ArrayDocument":
        """Begin a report whose value `name` is a long array. Its text is that of `document`."""
        return ArrayDocument(self, {"koonj": VERSION, "command": command, **head}, name)

    def event(self, content: Mapping[str, Any]) -> None:
        """Print one event of a run as one line of JSON."""
        self._json({"koonj": VERSION, **content}, indent=None)

    def flush(self) -> None:
        """Flush stdout."""
        self._stream.flush()

    def check(self) -> None:
        """Check that no output was lost.

        Output that a reader does not want any more (`| head`) is not lost.

        Raises:
            CommandError: output was lost, for example because the disk is full.
        """
        self._stream.flush()
        if self._stream.lost is not None:
            raise CommandError(
                f"Cannot write to stdout: {self._stream.lost}.", "The output of koonj is incomplete."
            )

    def verbatim(self, raw: bytes) -> None:
        """Write the bytes of a file unchanged."""
        self._stream.write_bytes(raw)
        self._stream.flush()

    def write(self, text: str) -> None:
        """Write text unchanged."""
        self._stream.write(text)

    def _json(self, content: Mapping[str, Any], *, indent: int | None) -> None:
        # ASCII only: escaped characters cannot control a terminal, and every encoding has them.
        self._stream.write(json.dumps(content, ensure_ascii=True, indent=indent) + "\n")
        self._stream.flush()


class ArrayDocument:
    """A JSON document that is written piece by piece, because it has a long array."""

    def __init__(self, out: Output, head: Mapping[str, Any], name: str) -> None:
        """`head`: what comes before the array; `name`: its key."""
        self._out = out
        self._is_empty = True
        out.write(f"{_open(head)},\n  {json.dumps(name)}: [")

    def add(self, items: Iterable[Any]) -> None:
        """Write the next items."""
        for item in items:
            self._out.write(f"{'' if self._is_empty else ','}\n    {_indented(item, '    ')}")
            self._is_empty = False
        self._out.flush()

    def end(self, tail: Mapping[str, Any]) -> None:
        """Write the end of the array, and what comes after it."""
        end = "]" if self._is_empty else "\n  ]"
        rest = _open(tail).removeprefix("{")
        self._out.write(f"{end},{rest}\n}}\n")
        self._out.flush()


def _open(content: Mapping[str, Any]) -> str:
    """Return a JSON object without its end."""
    return json.dumps(content, ensure_ascii=True, indent=2).removesuffix("\n}")


def _indented(value: Any, margin: str) -> str:
    """Return the text of json.dumps with an indent of 2.

    That function makes closures for each call, which stay in memory until the next collection.
    `margin`: of the line on which the value begins.
    """
    if not value or not isinstance(value, (dict, list, tuple)):
        return json.dumps(value)
    inner = f"{margin}  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_indented(one, inner)}" for key, one in value.items()]
    else:
        parts = [_indented(one, inner) for one in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    lines = f",\n{inner}".join(parts)
    return f"{first}\n{inner}{lines}\n{margin}{last}"
