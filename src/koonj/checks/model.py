"""Define a safety rule, and what it finds in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from koonj.sql.problem import PatternOffer, Problem, Severity

if TYPE_CHECKING:
    from koonj.checks.file_view import FileView, StatementView


class Claim(StrEnum):
    """What a rule says that a statement does to a table, and a rehearsal can measure."""

    NONE = ""
    SCAN = "scan"
    """It reads the whole table."""
    REWRITE = "rewrite"
    """It writes the whole table or its indexes anew."""
    BUILD = "build"
    """It builds an index while writes wait."""


Condition = tuple[str, ...]
"""A question about the files before this one: its kind, then its arguments. See `conditions`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a rule applies."""

    message: str
    hint: str
    at: int | None = None
    """Offset of a character of the statement; None: its first word."""
    table: str = ""
    """Name, without its schema, of the table whose rows or users the finding is about.

    A table that is new in the same file or batch has neither, so the finding does not apply to it.
    """
    condition: Condition = ()
    """What the files before this one must not answer; empty: nothing."""
    claim: Claim = Claim.NONE
    pattern: PatternOffer | None = None
    of: StatementView | None = None
    """The statement that `at` is in; None: the one that the rule looks at."""
    tool_hint: str = ""
    """The hint if another tool opens the transaction, so that the file has no BEGIN; empty: `hint`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A safety rule: one function over the statements of a file."""

    code: str
    """Stable; the same in koonj.toml, in JSON and in docs/checks.md."""
    severity: Severity
    """The level if koonj.toml says nothing."""
    why: str
    """One sentence."""
    verbs: frozenset[str]
    """First words of the statements that it looks at; empty: it looks at the file as a whole."""
    find: Callable[[StatementView, FileView], Iterator[Hit]] = lambda _one, _file: iter(())
    """Yield the hits in a statement; for a rule of a whole file: its first statement.

    Nothing for a rule that needs all files of a folder.
    """


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found in the text of one file, before the files around it are known."""

    problem: Problem
    table: str = ""
    condition: Condition = ()
    claim: Claim = Claim.NONE
    statement_line: int = 0
    """Line of the statement's first word, by which a rehearsal names it."""
    facts_before: int | None = None
    """How many of the file's own facts the condition may use; None: all."""
    in_rollback: bool = False
    """Whether it is about the rollback, which only runs if somebody asks for it."""
