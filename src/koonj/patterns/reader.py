"""Read a pattern file into a Pattern, or report all of its problems."""

import re
from importlib.resources.abc import Traversable
from pathlib import Path

from koonj.patterns import checks
from koonj.patterns.catalog_reference import CatalogReference, CatalogReferenceError, read_catalog_reference
from koonj.patterns.expanded_text import ExpandedText
from koonj.patterns.header import Header, HeaderEntry, problem, read_header
from koonj.patterns.model import Field, FieldKind, Pattern, PatternFile
from koonj.patterns.parts import Parts
from koonj.patterns.template import Template, TemplateError, parse
from koonj.sql.problem import Problem
from koonj.sql.source import Source

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_MIGRATION = re.compile(r"--[ \t]?migration:[ \t]*(?P<slug>.*?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_TAIL = re.compile(r"\s*(?:^--[ \t]*\n\s*)*\Z", re.MULTILINE)
"""The separator between two migrations: blank lines and empty comments."""
OTHER_GROUP = "Other"
"""The group of a pattern without one."""
_YES_NO = {"yes": True, "no": False}


class PatternFileError(ValueError):
    """Raised for an invalid pattern file; `problems` has all of its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.message for problem in problems))


def read_pattern(file: Traversable, *, generates: bool = True) -> Pattern:
    """Read a pattern file. `generates`: check the migrations that it generates, too, which takes longest.

    Raises:
        PatternFileError: the file is invalid, not UTF-8, or cannot be read.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise PatternFileError((problem(f"Cannot be read: {error.strerror}.", "", 1),)) from error
    except UnicodeDecodeError as error:
        hint = "Save the file as UTF-8."
        raise PatternFileError((problem(f"Not UTF-8 at byte {error.start}.", hint, 1),)) from error
    return _Reading(Path(str(file)), text).pattern(generates=generates)


class _Reading:
    """Reads one file and collects its problems, to report all of them together."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._source = Source(text)
        self._parts = Parts.of(path)
        self._problems: list[Problem] = []

    def pattern(self, *, generates: bool) -> Pattern:
        self._check_key()
        marks = list(_MIGRATION.finditer(self._text))
        head = self._text[: marks[0].start()] if marks else self._text
        header = read_header(head.split("\n"))
        self._problems += header.problems
        fields = tuple(self._field(name, entry) for name, entry in header.fields.items())
        pattern = Pattern(
            key=self._path.stem,
            title=self._title(header),
            description=_value(header, "about"),
            fields=fields,
            files=self._files(marks),
            group=_value(header, "group") or OTHER_GROUP,
            place=self._place(header),
            words=tuple(word.strip() for word in _value(header, "words").split(",") if word.strip()),
            later=_value(header, "later") or None,
            path=self._path,
        )
        self._check(pattern, header, generates=generates)
        if self._problems:
            raise PatternFileError(tuple(sorted(self._problems, key=lambda p: (p.line or 0, p.column or 0))))
        return pattern

    def _check_key(self) -> None:
        if not _KEY.fullmatch(self._path.stem):
            self._add_problem(
                f"{self._path.stem} is not a valid pattern name.",
                "Use only lower-case letters, digits and underscores in the name, such as add_column.sql.",
                1,
            )

    def _place(self, header: Header) -> int | None:
        place = header.entries.get("place")
        if place is None or re.fullmatch(r"[1-9][0-9]{0,3}", place.value):
            return int(place.value) if place else None
        self._add_problem(
            f"{place.value} is not a place in the group.",
            "Write a number from 1 to 9999, or leave the line out.",
            place.line,
            place.column,
        )
        return None

    def _title(self, header: Header) -> str:
        title = header.entries.get("title", HeaderEntry("", 1, 1, 0))
        if not title.value:
            self._add_problem(
                "The title is missing.",
                "Write -- title: followed by a few words about the pattern.",
                title.line,
                title.column,
            )
        return title.value

    def _add_problem(self, message: str, hint: str, line: int, column: int = 1) -> None:
        self._problems.append(problem(message, hint, line, column))

    def _field(self, name: str, entry: HeaderEntry) -> Field:
        if not _KEY.fullmatch(name):
            self._add_problem(
                f"{name or 'An empty text'} is not a valid field name.",
                "Use only lower-case letters, digits and underscores, such as table.",
                entry.line,
                entry.column,
            )
        given = {key: under.value for key, under in entry.under.items()}
        return Field(
            name=name,
            label=given.get("label") or name.replace("_", " ").capitalize(),
            kind=self._kind(entry),
            default=given.get("default", ""),
            example=given.get("example", ""),
            help=given.get("help", ""),
            required=self._yes_or_no(entry, "required"),
            choices=tuple(choice.strip() for choice in given.get("choices", "").split("|") if choice.strip()),
            catalog=self._catalog(entry),
            asked=self._yes_or_no(entry, "asked"),
        )

    def _kind(self, entry: HeaderEntry) -> FieldKind:
        given = entry.under.get("kind")
        if given is None:
            self._add_problem(
                "The field has no kind.",
                f"Write kind: and one of {', '.join(FieldKind)}.",
                entry.line,
                entry.column,
            )
            return FieldKind.TEXT
        if given.value not in set(FieldKind):
            self._add_problem(
                f"{given.value} is not a kind of field.",
                f"Kinds: {', '.join(FieldKind)}.",
                given.line,
                given.column,
            )
            return FieldKind.TEXT
        return FieldKind(given.value)

    def _catalog(self, entry: HeaderEntry) -> CatalogReference | None:
        given = entry.under.get("catalog")
        if given is None:
            return None
        try:
            return read_catalog_reference(given.value)
        except CatalogReferenceError as error:
            self._add_problem(str(error), "", given.line, given.column)
            return None

    def _yes_or_no(self, entry: HeaderEntry, key: str) -> bool:
        given = entry.under.get(key)
        if given is not None and given.value not in _YES_NO:
            self._add_problem(f"{key} must be yes or no, not {given.value}.", "", given.line, given.column)
        return given is None or _YES_NO.get(given.value, True)

    def _files(self, marks: list[re.Match[str]]) -> tuple[PatternFile, ...]:
        if not marks:
            self._add_problem(
                "The file has no migration.",
                "A migration starts with a line such as -- migration: add_{{column}}.",
                1,
            )
            return ()
        ends = [*(mark.start() for mark in marks[1:]), len(self._text)]
        files = []
        for mark, end in zip(marks, ends, strict=True):
            start = min(mark.end() + 1, end)
            slug = self._template(mark["slug"], mark.start("slug"))
            body = self._body(_TAIL.sub("\n", self._text[start:end], count=1), start)
            if not mark["slug"]:
                place = self._source.position(mark.end())
                self._add_problem(
                    "The migration has no name.",
                    "Describe it in a few words: -- migration: add_{{column}}.",
                    place.line,
                    place.column,
                )
            if slug is not None and body is not None:
                place = self._source.position(mark.start("slug"))
                files.append(PatternFile(slug, *body, place.line + 1, place.column))
        return tuple(files)

    def _template(self, text: str, offset: int) -> Template | None:
        """Parse the template at `offset` of the file; on error add a problem, return None."""
        try:
            return parse(text)
        except TemplateError as error:
            self._add_problem_at(str(error), offset + error.offset)
            return None

    def _body(self, text: str, offset: int) -> tuple[Template, ExpandedText] | None:
        """Put the parts into the text at `offset` of the file, and parse it; on error as `_template`."""
        try:
            origin = self._parts.expand(text)
        except TemplateError as error:
            self._add_problem_at(str(error), offset + error.offset)
            return None
        try:
            return parse(origin.text), origin
        except TemplateError as error:
            message, at = origin.place(str(error), error.offset)
            self._add_problem_at(message, offset + at)
            return None

    def _add_problem_at(self, message: str, offset: int) -> None:
        place = self._source.position(offset)
        self._add_problem(message, "", place.line, place.column)

    def _check(self, pattern: Pattern, header: Header, *, generates: bool) -> None:
        """Run the checks that need several parts of the file."""
        for name, entry in header.fields.items():
            field = pattern.field(name)
            if field is not None:
                self._problems += checks.of_field(field, entry, pattern)
        for file in pattern.files if generates else ():
            self._problems += checks.of_file(file, pattern)


def _value(header: Header, key: str) -> str:
    return header.entries[key].value if key in header.entries else ""
