"""One migration: the bytes of a file, and the content that koonj reads from them."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from koonj.migrations import encoding
from koonj.migrations.kept_value import PRINTS, PROBLEMS, TEXT, kept
from koonj.migrations.names import number_of, title_of
from koonj.migrations.parse_cache import ParseCache
from koonj.sql import conflict_markers, fingerprint, other_tools, sections, transactions
from koonj.sql.fingerprint import Fingerprints
from koonj.sql.problem import Problem, Severity
from koonj.sql.script import Script
from koonj.sql.sections import Sections
from koonj.sql.transactions import ScriptShape


@dataclass(frozen=True)
class Migration:
    """One migration file. The name is its identity; the number only sorts it.

    The text is decoded and parsed when it is first used. So koonj reads a folder of thousands of files in
    milliseconds.
    """

    number: int
    name: str
    """File name."""
    folder: str
    """Absolute path of the folder; empty if the text came from the history."""
    shown_folder: str
    """Folder as the user knows it: relative to the working directory if that is shorter."""
    raw: bytes
    file_hash: str
    """SHA-256 of `raw`, in hexadecimal."""
    cache: ParseCache | None = field(default=None, init=False, repr=False, compare=False)
    """Where values of earlier runs are. Not an argument, so that `dataclasses.replace` does not copy it to
    other bytes."""

    @classmethod
    def of_file(
        cls, number: int, name: str, folder: str, shown_folder: str, raw: bytes, cache: ParseCache
    ) -> "Migration":
        """Return the migration of a file with these bytes."""
        migration = cls(number, name, folder, shown_folder, raw, fingerprint.file_hash(raw))
        object.__setattr__(migration, "cache", cache)
        return migration

    def fresh(self) -> "Migration":
        """Return the same migration with nothing parsed.

        What is read from it is freed with it, so that a pass over thousands of files needs little memory.
        """
        migration = Migration(
            self.number, self.name, self.folder, self.shown_folder, self.raw, self.file_hash
        )
        object.__setattr__(migration, "cache", self.cache)
        return migration

    @classmethod
    def from_recorded(cls, name: str, text: str) -> "Migration":
        """Return the migration with the text from the history, not from a file."""
        raw = text.encode("utf-8", "surrogatepass")
        return cls(number_of(name), name, "", "", raw, fingerprint.file_hash(raw))

    @property
    def recorded(self) -> bool:
        """Whether the text came from the history and not from a file."""
        return not self.folder

    @cached_property
    def path(self) -> Path:
        """Path of the file; only the name if the text came from the history."""
        return Path(self.folder, self.name)

    @cached_property
    def shown_path(self) -> str:
        """Path for ``file:line:column``."""
        if self.recorded:
            return f"{self.name} (from koonj.history)"
        return self.name if self.shown_folder in {"", "."} else str(Path(self.shown_folder, self.name))

    @cached_property
    def text(self) -> str:
        """Text of the file. Bytes that are not UTF-8 become U+FFFD; `problems` names them."""
        return self.raw.decode("utf-8", "replace")

    @cached_property
    def sections(self) -> Sections:
        """Description, settings, body and rollback."""
        return sections.parse(self.text)

    @cached_property
    def shape(self) -> ScriptShape:
        """How the statements of the body commit."""
        return transactions.shape(self.sections.body)

    @cached_property
    def rollback_shape(self) -> ScriptShape | None:
        """How the statements of the rollback commit; None if there is no rollback."""
        rollback = self.sections.rollback
        return None if rollback is None else transactions.shape(rollback)

    @cached_property
    def has_statements(self) -> bool:
        """Whether the body has statements besides BEGIN and COMMIT."""
        return _has_statements(self.sections.body)

    @cached_property
    def has_rollback(self) -> bool:
        """Whether the migration can be rolled back, as far as the text says.

        The rollback has a statement, or the file declares that there is nothing to undo.
        """
        rollback = self.sections.rollback
        return rollback is not None and (
            self.sections.nothing_reason is not None or _has_statements(rollback)
        )

    @cached_property
    @kept(PRINTS)
    def fingerprints(self) -> Fingerprints:
        """Three hashes that separate changed statements from changed comments or layout."""
        return fingerprint.of(self.raw, self.sections)

    @cached_property
    @kept(TEXT)
    def exact_statements_hash(self) -> str:
        """Hash of the body's statements that also distinguishes the line ends inside a string.

        PostgreSQL stores them, so the schema depends on them.
        """
        if b"\r" not in self.raw:
            return self.fingerprints.statements
        return fingerprint.script_hash(self.sections.body, fold=False)

    @property
    def title(self) -> str:
        """The name in words: ``add status to documents``."""
        return title_of(self.name)

    @property
    def description(self) -> str:
        """Prose of the comments at the top of the file."""
        return self.sections.description

    @cached_property
    @kept(PROBLEMS)
    def problems(self) -> tuple[Problem, ...]:
        """All problems of the file that are found without a database, sorted by line.

        A file that cannot be decoded, that has merge conflicts, or that belongs to another tool, has only
        these problems: further messages of a parser would not help.
        """
        if self._unusable:
            return self._unusable
        return _in_order((*self.sections.problems, *self.body_problems, *self.rollback_problems))

    @cached_property
    @kept(PROBLEMS)
    def body_problems(self) -> tuple[Problem, ...]:
        """Problems that matter when the migration is applied."""
        if self._unusable:
            return self._unusable
        body = self.sections.body
        return (*body.problems, *self.shape.problems, *(() if self.has_statements else (_EMPTY,)))

    @cached_property
    @kept(PROBLEMS)
    def rollback_problems(self) -> tuple[Problem, ...]:
        """Problems that matter when the migration is rolled back."""
        if self._unusable:
            return self._unusable
        first, rollback, shape = self.sections.rollback_line, self.sections.rollback, self.rollback_shape
        if first is None:
            return (_NO_ROLLBACK,)
        block = (p for p in self.sections.problems if p.line is not None and p.line >= first)
        if rollback is None or shape is None:
            return tuple(block)
        empty = () if self.has_rollback else (_EMPTY_ROLLBACK,)
        return (*block, *rollback.problems, *shape.problems, *empty)

    @cached_property
    def _unusable(self) -> tuple[Problem, ...]:
        """Why the text cannot be read, or why it is not a migration of koonj; else empty."""
        undecoded = encoding.problem(self.raw)
        if undecoded is not None:
            return (undecoded,)
        conflicts = conflict_markers.conflict_markers(self.text, self.sections.rollback_line)
        if conflicts:
            return conflicts
        foreign = other_tools.other_tool(self.text)
        return () if foreign is None else (foreign,)


_EMPTY = Problem(
    "empty",
    Severity.WARNING,
    "The file has no statements. Applying it changes nothing.",
    "Write the statements, or delete the file.",
)
_EMPTY_ROLLBACK = Problem(
    "empty-rollback",
    Severity.WARNING,
    "The rollback has no statements, so the migration cannot be rolled back.",
    "Write the statements that undo the body, or replace it with '-- Rollback: nothing to undo: <reason>' or "
    "'-- Rollback: none: <reason>'.",
)
_NO_ROLLBACK = Problem(
    "no-rollback",
    Severity.WARNING,
    "The file has no rollback, so it cannot be rolled back.",
    "End it with '-- Rollback:' and the statements as -- comments, or with '-- Rollback: none: <reason>'.",
)


def _has_statements(script: Script) -> bool:
    """Return whether the script has statements besides BEGIN and COMMIT."""
    return any(s.control is None for s in script.statements)


def _in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return each problem once, sorted by position; those without a line come last."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda p: (p.line is None, p.line or 0, p.column or 0)))
