"""All files that a form would write, one below the other, as its preview shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from koonj.migrations.new import Draft

BY_HAND = "edited by hand"
"""What stands behind the name of a file whose text does not follow the fields."""
_BETWEEN = 2
"""Empty lines between two files."""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of the listing."""

    name: str
    draft: Draft
    first: int
    """Index of the line with its name."""

    def index_of(self, line: int) -> int:
        """Return the index of a line of the file (1-based) in the listing."""
        return self.first + line - self.draft.is_named


@dataclass(frozen=True, slots=True)
class DraftListing:
    """The text of the preview, and where each file is in it."""

    text: str
    files: tuple[ListedFile, ...]

    @staticmethod
    def of(drafts: Sequence[Draft], names: Sequence[str]) -> DraftListing:
        """Return the listing of drafts with these names, each below its name."""
        lines: list[str] = []
        files = []
        for name, draft in zip(names, drafts, strict=True):
            lines += [""] * (_BETWEEN if lines else 0)
            files.append(ListedFile(name, draft, len(lines)))
            lines += [f"-- {name}  {BY_HAND}" if draft.is_edited else f"-- {name}"]
            lines += draft.text.rstrip().split("\n")
        return DraftListing("".join(f"{line}\n" for line in lines), tuple(files))

    def file_at(self, index: int) -> ListedFile | None:
        """Return the file to which a line belongs; None if there are no files."""
        return next((file for file in reversed(self.files) if file.first <= index), None)
