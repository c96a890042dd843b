"""Put shared parts into the text of a pattern: ``{{> name}}`` stands for the text of ``parts/name.sql``.

``{{> name column=new_column}}`` writes the field ``new_column`` where the part says ``column``, and
``{{> name where=}}`` takes ``where`` as empty. ``{{! … }}`` is a comment. All but the ``=`` belongs to
Mustache.

The result is read as any other template: a part can do nothing that the pattern could not do itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from koonj.patterns.expanded_text import Chunk, ExpandedText, Part
from koonj.patterns.template import MARK, Template, TemplateError, line_of, parse
from koonj.sql.source import Source

FOLDER = "parts"
"""The folder of the parts, in a folder of patterns."""
OWN = Path(__file__).parent / "library" / FOLDER
"""The folder of koonj's own parts; inside the file if koonj runs from koonj.pyz."""

_TAG = re.compile(r"\{\{\s*(?:!.*?|>(?P<words>[^{}]*))\}\}", re.DOTALL)
_NAME = r"[a-z][a-z0-9_]*"
_USE = re.compile(rf"\s*(?P<name>{_NAME})(?P<arguments>(?:\s+{_NAME}=(?:{_NAME})?)*)\s*")
_MIGRATION = re.compile(r"^--[ \t]?migration:", re.IGNORECASE | re.MULTILINE)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class _UnreadableError(TemplateError):
    """Raised for a part that does not exist or cannot be read."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that a pattern can use. One in an earlier folder is used instead of one in a later folder."""

    folders: tuple[Traversable, ...]

    @classmethod
    def of(cls, pattern: Path) -> Parts:
        """Return the parts for a pattern file: those of its own folder, and koonj's own."""
        beside = pattern.parent / FOLDER
        return cls((_own(),) if beside == OWN else (beside, _own()))

    def expand(self, text: str) -> ExpandedText:
        """Put the parts into a text.

        Raises:
            TemplateError: a part does not exist, cannot be read, does not fit its use, or is invalid.
        """
        return self._expanded(text, ())

    def _expanded(self, text: str, inside: tuple[str, ...]) -> ExpandedText:
        """Expand a text. `inside`: the names of the parts in which it is."""
        return ExpandedText(Source(text), tuple(self._chunks(text, inside)))

    def _chunks(self, text: str, inside: tuple[str, ...]) -> Iterator[Chunk]:
        at = 0
        for tag in _TAG.finditer(text):
            start, end = line_of(text, *tag.span())
            yield Chunk(text[at:start], at)
            at = end
            if tag["words"] is not None:
                is_line = (start, end) != tag.span()
                used = self._used(tag, inside, is_line=is_line)
                prefix = text[start : tag.start()] if is_line else ""
                yield from (replace(chunk, use=tag.start()) for chunk in _with_prefix(used, prefix))
        yield Chunk(text[at:], at)

    def _used(self, tag: re.Match[str], inside: tuple[str, ...], *, is_line: bool) -> Iterator[Chunk]:
        """Yield the text of the part that a tag names, with the tag's arguments."""
        name, arguments = _read_tag(tag)
        if name in inside:
            way = " > ".join((*inside, name))
            raise TemplateError(f"The part {name} would contain itself: {way}.", tag.start())
        try:
            part = self._read(name)
        except _UnreadableError as error:
            raise TemplateError(str(error), tag.start()) from error
        text = part.source.text.rstrip() + ("\n" if is_line else "")
        try:
            if (head := _MIGRATION.search(text)) is not None:
                raise TemplateError("A part cannot start a migration.", head.start())
            expanded = self._expanded(text, (*inside, name))
            edits = _edits(expanded, arguments)
        except TemplateError as error:
            raise TemplateError(part.problem(str(error), error.offset), tag.start()) from error
        used = {mark[2] for mark in MARK.finditer(expanded.text)}
        for argument in arguments.keys() - used:
            fields = ", ".join(sorted(used))
            raise TemplateError(f"The part {name} does not use {argument}, but: {fields}.", tag.start())
        for chunk in expanded.edited(edits):
            yield chunk if chunk.part is not None else replace(chunk, part=part)

    def _read(self, name: str) -> Part:
        path = next((path for folder in self.folders if (path := folder / f"{name}.sql").is_file()), None)
        if path is None:
            known = sorted({name for folder in self.folders for name in _names(folder)})
            file = self.folders[0] / f"{name}.sql"
            message = f"No part has the name {name}. Create {file}, or use one of these: {', '.join(known)}."
            raise _UnreadableError(message, 0)
        try:
            text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        except OSError as error:
            raise _UnreadableError(f"The part {path} cannot be read: {error.strerror}.", 0) from error
        except UnicodeDecodeError as error:
            raise _UnreadableError(f"The part {path} is not UTF-8 at byte {error.start}.", 0) from error
        return Part(name, Path(str(path)), Source(text))


@cache
def _own() -> Traversable:
    return files(__package__) / "library" / FOLDER


def _names(folder: Traversable) -> Iterator[str]:
    paths = folder.iterdir() if folder.is_dir() else ()
    return (path.name.removesuffix(".sql") for path in paths if path.name.endswith(".sql"))


def _read_tag(tag: re.Match[str]) -> tuple[str, Mapping[str, str]]:
    """Return the name of the part, and the field for each name in it; an empty text for an empty one."""
    use = _USE.fullmatch(tag["words"])
    if use is None:
        raise TemplateError(
            "{{> must be followed by the name of a part and, if a field has another name here, by both "
            "names: {{> backfill column=new_column}}.",
            tag.start(),
        )
    pairs = [pair.split("=") for pair in use["arguments"].split()]
    if twice := [name for number, (name, _) in enumerate(pairs) if name in dict(pairs[:number])]:
        raise TemplateError(f"{twice[0]} is given twice.", tag.start())
    return use["name"], dict(pairs)


def _edits(expanded: ExpandedText, arguments: Mapping[str, str]) -> list[tuple[int, int, str]]:
    """Return what the arguments change in the text of a part: start, end and new text.

    Raises:
        TemplateError: the part is invalid, alone or with these arguments.
    """
    try:
        parsed = parse(expanded.text)
        cuts = list(_cuts(parsed, {name for name, field in arguments.items() if not field}))
        edits = [(start, end, "") for start, end in cuts]
        for mark in MARK.finditer(expanded.text):
            if mark[2] not in arguments or any(start <= mark.start() < end for start, end in cuts):
                continue
            if not arguments[mark[2]]:
                raise TemplateError(f"{mark[2]} is empty here, so it must be in a section.", mark.start())
            edits.append((*mark.span(2), arguments[mark[2]]))
    except TemplateError as error:
        raise TemplateError(*expanded.place(str(error), error.offset)) from error
    return sorted(edits)


def _cuts(parsed: Template, empty: set[str]) -> Iterator[tuple[int, int]]:
    """Yield what to cut from a text in which fields are empty: their sections, or the marks around these."""
    opened: list[int | None] = []
    """For each open section where it begins, if it is to be cut and not inside another one."""
    is_cutting = False
    for start, end in parsed.marks:
        mark = MARK.search(parsed.text, start, end)
        assert mark is not None
        is_empty = mark[2] in empty and not is_cutting
        if mark[1] != "/":
            is_cutting = is_cutting or (is_empty and mark[1] == "#")
            opened.append(start if is_empty and is_cutting else None)
        elif (began := opened.pop()) is not None:
            is_cutting = False
            yield began, end
        if is_empty and not is_cutting:
            yield start, end


def _with_prefix(chunks: Iterable[Chunk], prefix: str) -> Iterator[Chunk]:
    """Yield the text with `prefix` before each line: an indentation, or the ``--`` of a rollback."""
    if not prefix:
        yield from chunks
        return
    is_start = True
    for chunk in chunks:
        at = chunk.at
        for line in _LINE.findall(chunk.text):
            if is_start:
                yield replace(chunk, text=prefix if line != "\n" else prefix.rstrip(), at=at)
            yield replace(chunk, text=line, at=at)
            at += len(line)
            is_start = line.endswith("\n")
