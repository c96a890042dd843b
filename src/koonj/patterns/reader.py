"""A pattern file -> a Pattern, or everything that is wrong with the file."""

import re
from pathlib import Path

from koonj.patterns import checks
from koonj.patterns.header import Header, HeaderEntry, problem, read_header
from koonj.patterns.model import Field, FieldKind, Pattern, PatternFile
from koonj.patterns.template import Template, TemplateError, parse
from koonj.sql.problem import Problem
from koonj.sql.source import Source

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_MIGRATION = re.compile(r"--[ \t]*migration:[ \t]*(?P<slug>.*?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_TAIL = re.compile(r"\s*(?:^--[ \t]*\n\s*)*\Z", re.MULTILINE)
"""What parts a migration from the next one: blank lines and empty comments."""
_YES_NO = {"yes": True, "no": False}


class PatternFileError(ValueError):
    """A file is no pattern; `problems` says all that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.message for problem in problems))


def read_pattern(path: Path) -> Pattern:
    """Raises PatternFileError; a file that cannot be read (OSError, not UTF-8) is such an error too."""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise PatternFileError((problem(f"Cannot be read: {error.strerror}.", "", 1),)) from error
    except UnicodeDecodeError as error:
        hint = "Save the file as UTF-8."
        raise PatternFileError((problem(f"Not UTF-8 at byte {error.start}.", hint, 1),)) from error
    return _Reading(path, text).pattern()


class _Reading:
    """One file being read: what is wrong is gathered, and told at the end all at once."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._source = Source(text)
        self._problems: list[Problem] = []

    def pattern(self) -> Pattern:
        self._check_key()
        marks = list(_MIGRATION.finditer(self._text))
        head = self._text[: marks[0].start()] if marks else self._text
        header = read_header(head.split("\n"))
        self._problems += header.problems
        fields = tuple(self._field(name, entry) for name, entry in header.fields.items())
        pattern = Pattern(
            key=self._path.stem,
            title=self._title(header),
            description=header.entries["about"].value if "about" in header.entries else "",
            fields=fields,
            files=self._files(marks),
            path=self._path,
        )
        self._check(pattern, header)
        if self._problems:
            raise PatternFileError(tuple(sorted(self._problems, key=lambda p: (p.line or 0, p.column or 0))))
        return pattern

    def _check_key(self) -> None:
        if not _KEY.fullmatch(self._path.stem):
            self._say(
                f"{self._path.stem} cannot be a pattern's key.",
                "Name the file in lower-case letters, digits and underscores, such as add_column.sql.",
                1,
            )

    def _title(self, header: Header) -> str:
        title = header.entries.get("title", HeaderEntry("", 1, 1, 0))
        if not title.value:
            self._say(
                "No title.",
                "Write -- title: and what the pattern does, in a few words.",
                title.line,
                title.column,
            )
        return title.value

    def _say(self, message: str, hint: str, line: int, column: int = 1) -> None:
        self._problems.append(problem(message, hint, line, column))

    def _field(self, name: str, entry: HeaderEntry) -> Field:
        if not _KEY.fullmatch(name):
            self._say(
                f"{name or 'Nothing'} cannot be a field's name.",
                "It is in snake case, such as table.",
                entry.line,
                entry.column,
            )
        said = {key: under.value for key, under in entry.under.items()}
        return Field(
            name=name,
            label=said.get("label") or name.replace("_", " ").capitalize(),
            kind=self._kind(entry),
            default=said.get("default", ""),
            example=said.get("example", ""),
            help=said.get("help", ""),
            required=self._required(entry),
            choices=tuple(choice.strip() for choice in said.get("choices", "").split("|") if choice.strip()),
        )

    def _kind(self, entry: HeaderEntry) -> FieldKind:
        said = entry.under.get("kind")
        if said is None:
            self._say(
                "The field has no kind.",
                f"Say kind: and one of {', '.join(FieldKind)}.",
                entry.line,
                entry.column,
            )
            return FieldKind.TEXT
        if said.value not in set(FieldKind):
            self._say(
                f"{said.value} is no kind of field.",
                f"There are {', '.join(FieldKind)}.",
                said.line,
                said.column,
            )
            return FieldKind.TEXT
        return FieldKind(said.value)

    def _required(self, entry: HeaderEntry) -> bool:
        said = entry.under.get("required")
        if said is not None and said.value not in _YES_NO:
            self._say(f"required is yes or no, not {said.value}.", "", said.line, said.column)
        return said is None or _YES_NO.get(said.value, True)

    def _files(self, marks: list[re.Match[str]]) -> tuple[PatternFile, ...]:
        if not marks:
            self._say("No migration.", "A migration begins with a line like -- migration: add_{{column}}.", 1)
            return ()
        ends = [*(mark.start() for mark in marks[1:]), len(self._text)]
        files = []
        for mark, end in zip(marks, ends, strict=True):
            start = min(mark.end() + 1, end)
            slug = self._template(mark["slug"], mark.start("slug"))
            body = self._template(_TAIL.sub("\n", self._text[start:end], count=1), start)
            if not mark["slug"]:
                place = self._source.position(mark.end())
                self._say(
                    "A migration without a name.",
                    "Say what it does: -- migration: add_{{column}}.",
                    place.line,
                    place.column,
                )
            if slug is not None and body is not None:
                place = self._source.position(mark.start("slug"))
                files.append(PatternFile(slug, body, place.line + 1, place.column))
        return tuple(files)

    def _template(self, text: str, offset: int) -> Template | None:
        """A template that lies at `offset` of the file; None, and a problem, when it cannot be parsed."""
        try:
            return parse(text)
        except TemplateError as error:
            place = self._source.position(offset + error.offset)
            self._say(str(error), "", place.line, place.column)
            return None

    def _check(self, pattern: Pattern, header: Header) -> None:
        """All that needs more than one part of the file."""
        for name, entry in header.fields.items():
            field = pattern.field(name)
            if field is not None:
                self._problems += checks.of_field(field, entry, pattern)
        for file in pattern.files:
            self._problems += checks.of_file(file, pattern)
