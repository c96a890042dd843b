"""What is edited: a text without what an editor does not show, and how it stands to the file on disk."""

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

LARGEST = 2_000_000
"""Bytes that are edited here: beyond, a key would take longer than a frame."""
LONGEST_LINE = 20_000
"""Characters of a line, for the same reason."""
_BOM = "\ufeff"
_LINE_END = re.compile(r"\r\n|\r|\n")


class NotEditable(Exception):  # noqa: N818 - it says something of the file
    """koonj's editor would not give the file back as it was. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text and what stands around it, which comes back when it is saved."""

    text: str
    """Without the byte-order mark; its line ends are all `newline`."""
    newline: str
    bom: str

    @staticmethod
    def of(raw: bytes) -> FileText:
        """A file's bytes. Raises NotEditable."""
        if len(raw) > LARGEST:
            raise NotEditable(f"It has {len(raw) / 1e6:.1f} MB, which is too much to edit here.{_ELSEWHERE}")
        if (wrong := encoding.problem(raw)) is not None:
            raise NotEditable(f"{wrong.message}{_ELSEWHERE}")
        text = raw.decode("utf-8")
        ends = sorted(set(_LINE_END.findall(text)))
        if len(ends) > 1:
            kinds = " and ".join(_NAMES[end] for end in ends)
            raise NotEditable(f"Its lines end in {kinds}; here they would become all the same.{_ELSEWHERE}")
        if max(map(len, text.split(ends[0] if ends else "\n"))) > LONGEST_LINE:
            raise NotEditable(
                f"It has a line of more than {LONGEST_LINE} characters, too long to edit here.{_ELSEWHERE}"
            )
        bom = _BOM if text.startswith(_BOM) else ""
        return FileText(text.removeprefix(_BOM), ends[0] if ends else "\n", bom)

    def encoded(self, text: str) -> bytes:
        """The file's bytes with another text: those of `FileText.of` for the text that it gave."""
        return (self.bom + text).encode("utf-8")


_ELSEWHERE = " e opens it in your own editor."
_NAMES = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}


class SaveState(StrEnum):
    """How the text stands to the file, in the words of the screen."""

    SAVED = "saved"
    UNSAVED = "changed, not saved"
    ON_DISK = "changed on disk"
    GONE = "gone from disk"

    @staticmethod
    def of(*, dirty: bool, elsewhere: SaveState | None) -> SaveState:
        """`elsewhere`: what another program did to the file."""
        return elsewhere or (SaveState.UNSAVED if dirty else SaveState.SAVED)


def ran_on(checks: Sequence[Check], name: str) -> tuple[str, ...]:
    """The targets on which a migration ran, or began to, as those say that answered."""
    return tuple(
        check.target.name
        for check in checks
        if check.status is not None
        and check.answered
        and any(
            e.name == name and (e.applied or e.state is State.INTERRUPTED) for e in check.status.migrations
        )
    )
