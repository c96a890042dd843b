"""One migration: the bytes of a file, and the content that koonj reads from them.

The parser is imported when the first text is parsed: a status of files that did not change needs none.
"""

# ruff: noqa: PLC0415 - as above
from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from koonj.migrations.kept_value import PRINTS, PROBLEMS, TEXT, TEXTS, kept
from koonj.migrations.names import number_of, title_of
from koonj.migrations.parse_cache import ParseCache
from koonj.sql.file_hash import file_hash

if TYPE_CHECKING:
    from koonj.sql.fingerprint import Fingerprints
    from koonj.sql.problem import Problem
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
    ) -> Migration:
        """Return the migration of a file with these bytes."""
        migration = object.__new__(cls)  # three times as fast as the constructor of a frozen class
        migration.__dict__.update(
            number=number,
            name=name,
            folder=folder,
            shown_folder=shown_folder,
            raw=raw,
            file_hash=file_hash(raw),
            cache=cache,
        )
        return migration

    def fresh(self) -> Migration:
        """Return the same migration with nothing parsed.

        What is read from it is freed with it, so that a pass over thousands of files needs little memory.
        """
        migration = Migration(
            self.number, self.name, self.folder, self.shown_folder, self.raw, self.file_hash
        )
        object.__setattr__(migration, "cache", self.cache)
        return migration

    @classmethod
    def from_recorded(cls, name: str, text: str) -> Migration:
        """Return the migration with the text from the history, not from a file."""
        raw = text.encode("utf-8", "surrogatepass")
        return cls(number_of(name), name, "", "", raw, file_hash(raw))

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

    @property
    def own_text(self) -> tuple[int, int]:
        """Where its text starts and ends in `text`: it is all of the file, in a folder of koonj."""
        return 0, len(self.text)

    @property
    def has_rollback_file(self) -> bool:
        """Whether the rollback is in a file of its own: never, in a folder of koonj."""
        return False

    @property
    def shown_rollback_path(self) -> str:
        """Path of the file with the rollback: the same file."""
        return self.shown_path

    @property
    def rollback_text(self) -> str:
        """Text of the file with the rollback: the same file."""
        return self.text

    def path_of(self, problem: Problem) -> str:
        """Return the path of the file in which a problem is, for ``file:line:column``."""
        return self.shown_rollback_path if problem.in_rollback_file else self.shown_path

    @cached_property
    def text(self) -> str:
        """Text of the file. Bytes that are not UTF-8 become U+FFFD; `problems` names them."""
        return self.raw.decode("utf-8", "replace")

    @property
    def body_text(self) -> str:
        """The text for a program that reads SQL: all of it, with every character of the body in its place."""
        return self.text

    @cached_property
    def sections(self) -> Sections:
        """Description, settings, body and rollback."""
        from koonj.sql.sections import parse

        return parse(self.text)

    @cached_property
    def shape(self) -> ScriptShape:
        """How the statements of the body commit."""
        from koonj.sql.transactions import shape

        return shape(self.sections.body)

    @cached_property
    def rollback_shape(self) -> ScriptShape | None:
        """How the statements of the rollback commit; None if there is no rollback."""
        from koonj.sql.transactions import shape

        rollback = self.sections.rollback
        return None if rollback is None else shape(rollback)

    @cached_property
    @kept(TEXT)
    def run_mode(self) -> str:
        """How the body commits, in a word: ``one``, ``several`` or ``outside``; empty without statements."""
        from koonj.sql.transactions import mode_word

        return mode_word(self.shape)

    @cached_property
    def has_statements(self) -> bool:
        """Whether the body has statements besides BEGIN and COMMIT."""
        from koonj.migrations.file_problems import has_statements

        return has_statements(self.sections.body)

    @cached_property
    def has_rollback(self) -> bool:
        """Whether the migration can be rolled back, as far as the text says.

        The rollback has a statement, or the file declares that there is nothing to undo.
        """
        from koonj.migrations.file_problems import has_statements

        rollback = self.sections.rollback
        return rollback is not None and (self.sections.nothing_reason is not None or has_statements(rollback))

    @cached_property
    @kept(PRINTS)
    def fingerprints(self) -> Fingerprints:
        """Three hashes that separate changed statements from changed comments or layout."""
        from koonj.sql import fingerprint

        return fingerprint.of(self.raw, self.sections)

    @cached_property
    @kept(TEXT)
    def exact_statements_hash(self) -> str:
        """Hash of the body's statements that also distinguishes the line ends inside a string.

        PostgreSQL stores them, so the schema depends on them.
        """
        from koonj.sql import fingerprint

        if b"\r" not in self.raw:
            return self.fingerprints.statements
        return fingerprint.script_hash(self.sections.body, fold=False)

    @cached_property
    @kept(TEXTS)
    def body_summaries(self) -> tuple[str, ...]:
        """A line about each statement of the body, as a plan lists them: without BEGIN and COMMIT."""
        from koonj.sql.transactions import summaries

        return summaries(self.shape)

    @cached_property
    @kept(TEXTS)
    def rollback_summaries(self) -> tuple[str, ...]:
        """The same for the rollback; empty if there is none."""
        from koonj.sql.transactions import summaries

        return () if self.rollback_shape is None else summaries(self.rollback_shape)

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
        if self.plain_statements:
            return ()
        from koonj.migrations.file_problems import causes, in_order

        if self._unusable:
            return self._unusable
        return in_order(causes((*self.sections.problems, *self.body_problems, *self.rollback_problems)))

    @cached_property
    @kept(PROBLEMS)
    def body_problems(self) -> tuple[Problem, ...]:
        """Problems that matter when the migration is applied."""
        if self.plain_statements:
            return ()
        from koonj.migrations.file_problems import EMPTY, of_script

        if self._unusable:
            return self._unusable
        empty = () if self.has_statements else (EMPTY,)
        return of_script(self.sections.body, (*self.shape.problems, *empty))

    @cached_property
    @kept(PROBLEMS)
    def rollback_problems(self) -> tuple[Problem, ...]:
        """Problems that matter when the migration is rolled back."""
        if self.plain_statements:
            return ()
        from koonj.migrations.file_problems import EMPTY_ROLLBACK, NO_ROLLBACK, of_script

        if self._unusable:
            return self._unusable
        first, rollback, shape = self.sections.rollback_line, self.sections.rollback, self.rollback_shape
        if first is None:
            return (NO_ROLLBACK,)
        block = (p for p in self.sections.problems if p.line is not None and p.line >= first)
        if rollback is None or shape is None:
            return tuple(block)
        empty = () if self.has_rollback else (EMPTY_ROLLBACK,)
        return (*block, *of_script(rollback, (*shape.problems, *empty)))

    @cached_property
    def plain_statements(self) -> tuple[str, ...]:
        """Statements of a body that surely has no problems, without parsing the file; empty: not known."""
        from koonj.sql.plain_file import plain_statements

        try:
            return plain_statements(self.raw.decode())
        except UnicodeDecodeError:
            return ()

    @cached_property
    def _unusable(self) -> tuple[Problem, ...]:
        """Why the text cannot be read, or why it is not a migration of koonj; else empty."""
        from koonj.migrations import encoding
        from koonj.sql import conflict_markers, other_tools

        undecoded = encoding.problem(self.raw)
        if undecoded is not None:
            return (undecoded,)
        conflicts = conflict_markers.conflict_markers(self.text, self.sections.rollback_line)
        if conflicts:
            return conflicts
        foreign = other_tools.other_tool(self.text)
        return () if foreign is None else (foreign,)
