"""Text in the editor, and how it compares to the file on disk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from koonj.migrations import encoding
from koonj.migrations.states import State

if TYPE_CHECKING:
    from koonj.tui.state.snapshot import Check

MAX_BYTES = 2_000_000
"""Largest file in bytes that koonj edits. In a larger one a key would take longer than a frame."""
MAX_LINE = 20_000
"""Longest line in characters that koonj edits, for the same reason."""
_BOM = "\ufeff"
_LINE_END = re.compile(r"\r\n|\r|\n")


class NotEditable(Exception):  # noqa: N818 - it describes the file
    """Raised if koonj's editor could not restore the file exactly.

    The message says why and what to do.
    """


@dataclass(frozen=True, slots=True)
class FileText:
    """Text of a file, with its line ends and byte-order mark.

    They are restored when the file is saved.
    """

    text: str
    """Text without the byte-order mark; all its line ends are `newline`."""
    newline: str
    bom: str

    @staticmethod
    def from_bytes(raw: bytes) -> FileText:
        """Return the text of a file's bytes.

        Raises: NotEditable.
        """
        if len(raw) > MAX_BYTES:
            raise NotEditable(f"The file has {len(raw) / 1e6:.1f} MB, which is too large for this editor.")
        if (wrong := encoding.problem(raw)) is not None:
            raise NotEditable(f"{wrong.message}")
        text = raw.decode("utf-8")
        ends = sorted(set(_LINE_END.findall(text)))
        if len(ends) > 1:
            kinds = " and ".join(_NAMES[end] for end in ends)
            raise NotEditable(f"Its lines end with {kinds}. This editor would make all of them the same.")
        if max(map(len, text.split(ends[0] if ends else "\n"))) > MAX_LINE:
            raise NotEditable(f"It has a line of more than {MAX_LINE} characters, too long for this editor.")
        bom = _BOM if text.startswith(_BOM) else ""
        return FileText(text.removeprefix(_BOM), ends[0] if ends else "\n", bom)

    def to_bytes(self, text: str) -> bytes:
        """Return the file's bytes with another text."""
        return (self.bom + text).encode("utf-8")


_NAMES = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}


class SaveState(StrEnum):
    """State of the text compared to the file, in the words of the screen."""

    SAVED = "saved"
    UNSAVED = "changed, not saved"
    CHANGED_ON_DISK = "changed on disk"
    DELETED_ON_DISK = "deleted on disk"
    UNWRITTEN = "not written yet"
    UNKEPT = "changed, not kept"
    """A change of a file that is not written yet, and that the form does not have."""

    @staticmethod
    def of(*, dirty: bool, on_disk: SaveState | None) -> SaveState:
        """Return the state.

        `on_disk` is set if another program changed or deleted the file.
        """
        return on_disk or (SaveState.UNSAVED if dirty else SaveState.SAVED)


def targets_with(checks: Sequence[Check], name: str) -> tuple[str, ...]:
    """Return the names of the targets where a migration is applied or interrupted.

    Targets that did not answer are omitted.
    """
    return tuple(
        check.target.name
        for check in checks
        if check.status is not None
        and check.answered
        and any(
            e.name == name and (e.applied or e.state is State.INTERRUPTED) for e in check.status.migrations
        )
    )
