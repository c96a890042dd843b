"""What the user has edited by hand in the files of a form, before they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from koonj.migrations.new import Draft, first_line


@dataclass(frozen=True, slots=True)
class EditedText:
    """The text of one file that the user has edited."""

    text: str
    """Without the file name in the first line, if that is there."""
    is_named: bool
    """Whether the first line is the file name, as koonj writes it."""
    made: str
    """The text that the fields made when the user edited it."""
    slug: str
    """The file's name then, without number and ``.sql``."""


@dataclass(frozen=True, slots=True)
class DraftEdits:
    """The edited texts of a form. An edited file does not follow the fields any more; its name does."""

    texts: Mapping[int, EditedText] = field(default_factory=dict)
    """By the number of the file in its pattern."""

    def edited(self, made: Draft, name: str, text: str) -> DraftEdits:
        """Return the edits with the whole text of a file; that of the pattern is no edit.

        `made`: the file as the fields make it. `name`: what it is called in the text.
        """
        if text == replace(made, is_edited=False).file_text(name):
            return self.without([made.part])
        first = first_line(name)
        is_named = text.startswith(first)
        one = EditedText(text.removeprefix(first), is_named, made.text, made.slug)
        return DraftEdits({**self.texts, made.part: one})

    def without(self, parts: Iterable[int]) -> DraftEdits:
        """Return the edits without those of some files, which have the text of the pattern again."""
        gone = set(parts)
        return DraftEdits({part: one for part, one in self.texts.items() if part not in gone})

    def applied(self, made: Iterable[Draft]) -> tuple[Draft, ...]:
        """Return the drafts that the fields make, with the edited texts instead of theirs."""
        return tuple(self._applied(draft) for draft in made)

    def _applied(self, made: Draft) -> Draft:
        one = self.texts.get(made.part)
        if one is None:
            return made
        return replace(made, text=one.text, is_edited=True, is_named=one.is_named)

    def outdated(self, made: Iterable[Draft]) -> frozenset[int]:
        """Return the numbers of the edited files for which the fields make another text now."""
        now = {draft.part: draft.text for draft in made}
        return frozenset(part for part, one in self.texts.items() if now.get(part, one.made) != one.made)

    def left_out(self, made: Iterable[Draft]) -> tuple[EditedText, ...]:
        """Return the edited files that the fields do not make at all now."""
        there = {draft.part for draft in made}
        return tuple(one for part, one in self.texts.items() if part not in there)


def edited_words(edits: DraftEdits, made: Sequence[Draft], names: Mapping[int, str], key: str) -> str:
    """Return which files were edited by hand, and what that means; empty if none was.

    `names`: of the files that the fields make, by their numbers in the pattern. `key`: takes the text of the
    pattern again; empty if no key does.
    """
    words = [
        f"The fields do not make the edited file {one.slug} now: it is not written."
        for one in edits.left_out(made)
    ]
    edited = [names[part].partition("_")[0] for part in sorted(edits.texts) if part in names]
    if edited:
        is_one = len(edited) == 1
        kept = "was edited by hand and keeps its" if is_one else "were edited by hand and keep their"
        since = ": the fields have changed since" if edits.outdated(made) else ""
        words.append(f"{' and '.join(edited)} {kept} text{since}.")
    if words and key:
        words.append(f"{key} takes the pattern's text again.")
    return " ".join(words)
