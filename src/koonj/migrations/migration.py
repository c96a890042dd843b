"""One migration: a file's bytes, and what its text says."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from koonj.migrations import encoding
from koonj.migrations.names import number_of, title_of
from koonj.sql import blocks, fingerprint, foreign, sections
from koonj.sql.blocks import ScriptShape
from koonj.sql.fingerprint import Fingerprints
from koonj.sql.problem import Problem, Severity
from koonj.sql.script import Script
from koonj.sql.sections import Sections


@dataclass(frozen=True)
class Migration:
    """One file. Its name is its identity, its number only orders it.

    Nothing is decoded or parsed before it is asked for: a folder of thousands is read in milliseconds.
    """

    number: int
    name: str
    """The file name."""
    folder: str
    """The absolute path of its folder; empty where the text came from history."""
    shown_folder: str
    """The folder as the person knows it: relative to the working directory where that is shorter."""
    raw: bytes
    file_hash: str
    """sha256 of `raw`, hex."""

    @classmethod
    def from_recorded(cls, name: str, text: str) -> "Migration":
        """The migration as history recorded it, whatever the folder holds now."""
        raw = text.encode("utf-8", "surrogatepass")
        return cls(number_of(name), name, "", "", raw, fingerprint.file_hash(raw))

    @property
    def recorded(self) -> bool:
        """Whether the text came from history and not from a file."""
        return not self.folder

    @cached_property
    def path(self) -> Path:
        """The file; of a recorded one only its name."""
        return Path(self.folder, self.name)

    @cached_property
    def shown_path(self) -> str:
        """For ``file:line:column``."""
        if self.recorded:
            return f"{self.name} (as history recorded it)"
        return self.name if self.shown_folder in {"", "."} else str(Path(self.shown_folder, self.name))

    @cached_property
    def text(self) -> str:
        """The file's text. Bytes that are not UTF-8 become U+FFFD; `problems` names them."""
        return self.raw.decode("utf-8", "replace")

    @cached_property
    def sections(self) -> Sections:
        """Description, settings, body and rollback."""
        return sections.parse(self.text)

    @cached_property
    def shape(self) -> ScriptShape:
        """How the body runs."""
        return blocks.shape(self.sections.body)

    @cached_property
    def rollback_shape(self) -> ScriptShape | None:
        """How the rollback runs; None where there is none."""
        rollback = self.sections.rollback
        return None if rollback is None else blocks.shape(rollback)

    @cached_property
    def fingerprints(self) -> Fingerprints:
        """The three hashes that tell an honest edit from a cosmetic one."""
        return fingerprint.of(self.raw, self.sections)

    @property
    def title(self) -> str:
        """The name in words: ``add status to documents``."""
        return title_of(self.name)

    @property
    def description(self) -> str:
        """The prose of the leading comments."""
        return self.sections.description

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with this file, known without a database, by line.

        A text that cannot be read, or that is another tool's, has that one problem: what a parser would say
        about it besides is noise.
        """
        if self._unusable is not None:
            return (self._unusable,)
        return _in_order((*self.sections.problems, *self.body_problems, *self.rollback_problems))

    @cached_property
    def body_problems(self) -> tuple[Problem, ...]:
        """Those that concern applying it."""
        if self._unusable is not None:
            return (self._unusable,)
        body = self.sections.body
        return (*body.problems, *self.shape.problems, *_nothing_in(body, _EMPTY))

    @cached_property
    def rollback_problems(self) -> tuple[Problem, ...]:
        """Those that concern rolling it back."""
        if self._unusable is not None:
            return (self._unusable,)
        rollback, shape = self.sections.rollback, self.rollback_shape
        if rollback is not None and shape is not None:
            return (*rollback.problems, *shape.problems, *_nothing_in(rollback, _EMPTY_ROLLBACK))
        return () if self.sections.rollback_line is not None else (_NO_ROLLBACK,)

    @cached_property
    def _unusable(self) -> Problem | None:
        """Why no text can be read, or why it is not one for koonj."""
        return encoding.problem(self.raw) or foreign.other_tool(self.text)


_EMPTY = Problem(
    "empty",
    Severity.WARNING,
    "The file has no statement: applying it changes nothing.",
    "Write the statements, or delete the file.",
)
_EMPTY_ROLLBACK = Problem(
    "empty-rollback",
    Severity.WARNING,
    "The rollback has no statement: rolling back changes nothing in the database.",
    "Write the statements that undo the body, or '-- Rollback: none: <reason>'.",
)
_NO_ROLLBACK = Problem(
    "no-rollback",
    Severity.WARNING,
    "The file does not say how to undo it, so it cannot be rolled back.",
    "End it with '-- Rollback:' and the statements as -- comments, or with '-- Rollback: none: <reason>'.",
)


def _nothing_in(script: Script, problem: Problem) -> tuple[Problem, ...]:
    """The problem, where a script does nothing but begin and commit."""
    return () if any(s.control is None for s in script.statements) else (problem,)


def _in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """By position, each once; those without a line last."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda p: (p.line is None, p.line or 0, p.column or 0)))
