"""A migration of another tool: its text, and the parts of it that the tool runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from koonj.migrations import encoding
from koonj.migrations.file_problems import in_order
from koonj.migrations.layouts.tool_shape import Runs, shape_of
from koonj.migrations.migration import Migration
from koonj.sql import conflict_markers
from koonj.sql.file_hash import file_hash
from koonj.sql.ignores import read_ignores
from koonj.sql.markers import read_marks
from koonj.sql.problem import Problem
from koonj.sql.script import Script
from koonj.sql.sections import Sections
from koonj.sql.source import Source
from koonj.sql.transactions import ScriptShape

__all__ = ["Part", "Runs", "ToolMigration", "tool_migration"]

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_VISIBLE = re.compile(r"[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Part:
    """The text of one direction: a whole file, or a part of one."""

    file: str
    """Path relative to the folder of migrations."""
    raw: bytes
    """The bytes of the whole file."""
    start: int = 0
    """Offset in the decoded text; that of the line with the tool's marker, if there is one."""
    end: int | None = None
    """Offset of the end; None: the end of the file."""
    runs: Runs = Runs.TRANSACTION
    comment: str = ""
    """Regular expression of what stands before the SQL of each line, if a rollback is in comments."""

    @property
    def text(self) -> str:
        """Text of the whole file. Bytes that are not UTF-8 become U+FFFD."""
        return self.raw.decode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True)
class ToolMigration(Migration):
    """One migration of another tool. `raw` are the bytes of the file with the body."""

    tool: str
    """Name of the layout."""
    version: str
    """The version as the tool writes it into its history."""
    up: Part
    down: Part | None = None
    """None if there is no rollback."""
    words: str = ""
    """Description from the name of the file."""
    refused: tuple[Problem, ...] = ()
    """Why koonj cannot run the text, although it can show it: templates, variables …."""
    checksum: str = ""
    """The checksum of the file by the tool's own rule, as its history has it; empty if it is not used."""
    shares_file: bool = False
    """Whether the file has other migrations, too."""
    none_reason: str | None = None
    """Why the tool has a rollback for none of its migrations, as a clause; None if it has."""
    details: tuple[tuple[str, str], ...] = ()
    """What else the tool's history has of it, or what it depends on: pairs (name, value)."""

    def detail(self, name: str) -> str:
        """Return one of the details; empty if there is none."""
        return dict(self.details).get(name, "")

    def fresh(self) -> ToolMigration:
        """Return the same migration with nothing parsed."""
        return replace(self)

    @cached_property
    def path(self) -> Path:
        """Path of the file with the body."""
        return Path(self.folder, self.up.file)

    @cached_property
    def shown_path(self) -> str:
        """Path for ``file:line:column``."""
        return self._shown(self.up)

    @property
    def shown_rollback_path(self) -> str:
        """Path of the file with the rollback."""
        return self._shown(self.down or self.up)

    @property
    def rollback_text(self) -> str:
        """Text of the file with the rollback."""
        return (self.down or self.up).text

    def _shown(self, part: Part) -> str:
        return part.file if self.shown_folder in {"", "."} else str(Path(self.shown_folder, part.file))

    @property
    def own_text(self) -> tuple[int, int]:
        """Where its text starts and ends in `text`: all of the file, unless others are in it."""
        if not self.shares_file:
            return super().own_text
        ends = [part.end for part in (self.up, self.down) if part is not None and part.end is not None]
        return self.up.start, max(ends, default=len(self.text))

    @property
    def has_rollback_file(self) -> bool:
        """Whether the rollback is in a file of its own."""
        return self.down is not None and self.down.file != self.up.file

    @property
    def title(self) -> str:
        """Description in words."""
        return self.words or self.name

    @property
    def description(self) -> str:
        """Always empty: the comments at the top are those of the tool."""
        return ""

    @property
    def body_text(self) -> str:
        """The text of the body, with blanks before it: the rollback is no part of it."""
        return _masked(self.up)

    @cached_property
    def sections(self) -> Sections:
        """Body and rollback as the tool runs them. The places are those in the files."""
        source, body = Source(self.text), self.body_text
        marks = read_marks(Source(body))
        is_below = (
            self.down is not None
            and self.down.file == self.up.file
            and self.up.end is not None
            and self.down.start >= self.up.end
        )
        return Sections(
            source=source,
            leading_end=0,
            settings=(),
            ignores=tuple(read_ignores(Source(body), marks.others)),
            body=Script.of_body(body),
            rollback=None if self.down is None else _rollback(self.down),
            rollback_line=source.line_and_column(self.down.start)[0] if is_below and self.down else None,
            none_reason=self.none_reason,
            nothing_reason=None,
            problems=(),
        )

    @cached_property
    def shape(self) -> ScriptShape:
        """How the statements of the body commit if the tool runs them."""
        return shape_of(self.sections.body, self.up.runs, self.tool)

    @cached_property
    def rollback_shape(self) -> ScriptShape | None:
        """How the statements of the rollback commit; None if there is no rollback."""
        rollback = self.sections.rollback
        if rollback is None or self.down is None:
            return None
        return shape_of(rollback, self.down.runs, self.tool)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """All problems that are found without a database. koonj's rules for its own files are not applied."""
        return self._unusable or in_order((*self.body_problems, *self.rollback_problems))

    @cached_property
    def body_problems(self) -> tuple[Problem, ...]:
        """Problems that matter when the migration is applied."""
        return self._unusable or (*self.sections.body.problems, *self.shape.problems)

    @cached_property
    def rollback_problems(self) -> tuple[Problem, ...]:
        """Problems that matter when the migration is rolled back."""
        rollback, shape = self.sections.rollback, self.rollback_shape
        if self._unusable or rollback is None or shape is None:
            return self._unusable
        found = (*rollback.problems, *shape.problems)
        if not self.has_rollback_file:
            return found
        return tuple(replace(problem, in_rollback_file=True) for problem in found)

    @property
    def plain_statements(self) -> tuple[str, ...]:
        """Always empty: not known without parsing."""
        return ()

    @cached_property
    def _unusable(self) -> tuple[Problem, ...]:
        """Why koonj cannot run the text; else empty."""
        parts = (self.up,) if self.down is None else (self.up, self.down)
        for part in parts:
            undecoded = encoding.problem(part.raw)
            found = (undecoded,) if undecoded else conflict_markers.conflict_markers(part.text, None)
            if found:
                is_other = part.file != self.up.file
                return tuple(replace(problem, in_rollback_file=is_other) for problem in found)
        return self.refused


def tool_migration(
    *,
    tool: str,
    name: str,
    version: str,
    number: int,
    folder: tuple[str, str],
    up: Part,
    down: Part | None = None,
    words: str = "",
    refused: tuple[Problem, ...] = (),
    checksum: str = "",
    shares_file: bool = False,
    none_reason: str | None = None,
    details: tuple[tuple[str, str], ...] = (),
) -> ToolMigration:
    """Return a migration of a tool.

    Args:
        tool: name of the layout.
        name: the name that koonj shows; unique in the folder.
        version: the version as the tool writes it into its history.
        number: the number of a command such as ``koonj show 3``.
        folder: `FolderListing.places`.
        up: the part that applies it.
        down: the part that rolls it back; None if there is none.
        words: description from the name.
        refused: why koonj cannot run it.
        checksum: of the text, as the tool's history has it.
        shares_file: whether the file has other migrations, too.
        none_reason: why the tool has a rollback for none of its migrations, as a clause.
        details: what else the tool's history has of it.
    """
    parts = (up,) if down is None else (up, down)
    told = [f"{tool} {part.start} {part.end} {part.runs} {part.comment}".encode() for part in parts]
    files = (part.raw for part in parts)
    return ToolMigration(
        number=number,
        name=name,
        folder=folder[0],
        shown_folder=folder[1],
        raw=up.raw,
        file_hash=file_hash(b"\0".join((*told, *files))),
        tool=tool,
        version=version,
        up=up,
        down=down,
        words=words,
        refused=refused,
        checksum=checksum,
        shares_file=shares_file,
        none_reason=none_reason,
        details=details,
    )


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _masked(part: Part) -> str:
    """Return the file's text up to the end of the part, with blanks before its start.

    So every offset and line is that of the file.
    """
    text = part.text
    before = _VISIBLE.sub(_blank, text[: part.start])
    return before + text[part.start : part.end]


def _rollback(part: Part) -> Script:
    text = part.text
    line, column = Source(text).line_and_column(part.start)
    if not part.comment:
        return Script.of_rollback(text[part.start : part.end], first_line=line, prefixes=(column - 1, 0))
    sql, prefixes, comment = [], [], re.compile(part.comment)
    for written in _LINE.findall(text[part.start : part.end]):
        found = comment.match(written)
        prefixes.append(found.end() if found else 0)
        sql.append(written[prefixes[-1] :])
    return Script.of_rollback("".join(sql), first_line=line, prefixes=prefixes)
