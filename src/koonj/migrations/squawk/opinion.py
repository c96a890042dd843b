"""Ask squawk about the migrations of a folder, and add what it finds to koonj's own problems."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from koonj.migrations.file_problems import in_order
from koonj.migrations.folder import FileProblem, Folder
from koonj.migrations.migration import Migration
from koonj.migrations.squawk.install import OF_SQUAWK
from koonj.migrations.squawk.place import Places
from koonj.migrations.squawk.plain_sql import plain_sql
from koonj.migrations.squawk.program import Finding, SquawkError, check_version, lint
from koonj.migrations.squawk.rules import SAID_BY_KOONJ, is_shown
from koonj.sql.problem import Problem, Severity

_CONFIG = "squawk.toml"
_UNREADABLE = frozenset(
    {
        "not-utf8",
        "nul-byte",
        "conflict-marker",
        "unterminated",
        "other-tool",
        "tool-file",
        "meta-command",
        "batch",
    }
)
"""Errors that say that a file is not the SQL of a migration."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """koonj's problems and those that squawk added."""

    problems: tuple[FileProblem, ...]
    failure: str = ""
    """Why squawk was not asked; then the problems are koonj's own. Empty if it was."""


def with_squawk(
    program: Path,
    folder: Folder,
    own: tuple[FileProblem, ...],
    off: frozenset[str] = frozenset(),
    after: int = 0,
) -> Opinion:
    """Return koonj's own problems of a folder and the findings of squawk, in the order of the files.

    `off`: codes of koonj that are not wanted; what squawk says about the same is not wanted either. `after`:
    only migrations with a larger number are asked about.
    """
    of_folder, of_files = own[: len(folder.problems)], _by_name(own[len(folder.problems) :])
    asked = {
        m.name: text
        for m in folder.migrations
        if m.number > after and (text := _text(m, of_files.get(m.name, ()))) is not None
    }
    try:
        check_version(program)
        findings = _ask(program, asked, in_one={m.name for m in folder.migrations if _is_one(m)})
    except SquawkError as error:
        return Opinion(own, str(error))
    except OSError as error:
        return Opinion(own, f"the files for it cannot be written: {error.strerror}.")
    merged = [
        FileProblem(migration.name, migration.path_of(problem), problem)
        for migration in folder.migrations
        for problem in _merged(
            migration, of_files.get(migration.name, ()), findings.get(migration.name, ()), off
        )
    ]
    return Opinion((*of_folder, *merged))


def _by_name(problems: Iterable[FileProblem]) -> Mapping[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for name, _, problem in problems:
        found.setdefault(name, []).append(problem)
    return found


def _text(migration: Migration, problems: Iterable[Problem]) -> str | None:
    """Return what squawk can read of a migration; None if it can read nothing."""
    if any(problem.code in _UNREADABLE for problem in problems):
        return None
    try:
        migration.raw.decode()
    except UnicodeDecodeError:  # squawk would stop there, and read none of the other files
        return None
    return plain_sql(migration.body_text)


def _is_one(migration: Migration) -> bool:
    """Return whether koonj runs the migration in one transaction, with or without a BEGIN in the file."""
    return migration.fresh().run_mode == "one"


def _ask(program: Path, texts: Mapping[str, str], in_one: Collection[str]) -> Mapping[str, list[Finding]]:
    """Return the findings by file name. `in_one`: the files that run in one transaction.

    squawk reads copies: it sees the text that koonj has read, and no file or configuration beside it. The
    copies have numbers for names: in a folder of another tool, a name is any text, also ``../../x``.

    Raises:
        SquawkError: squawk cannot be used.
        OSError: the copies cannot be written.
    """
    found: dict[str, list[Finding]] = {}
    if not texts:
        return found
    with tempfile.TemporaryDirectory(prefix="koonj-squawk-") as name:
        folder = Path(name)
        (folder / _CONFIG).touch()
        copies = {f"{number}.sql": file for number, file in enumerate(texts, start=1)}
        for copy, file in copies.items():
            (folder / copy).write_text(texts[file], encoding="utf-8", newline="")
        for is_one in (True, False):
            names = [copy for copy, file in copies.items() if (file in in_one) is is_one]
            for finding in lint(program, folder, names, _CONFIG, in_transaction=is_one):
                if finding.file in copies:
                    found.setdefault(copies[finding.file], []).append(finding)
    return found


def _merged(
    migration: Migration, own: Sequence[Problem], findings: Sequence[Finding], off: frozenset[str]
) -> tuple[Problem, ...]:
    if not findings:
        return tuple(own)
    read = migration.fresh()
    places = Places(read)
    ignores = read.sections.ignores if b"ignore" in migration.raw.lower() else ()  # most files need no parser
    unwanted = off.union(*(ignore.codes for ignore in ignores))
    added = [
        _problem(finding, places)
        for finding in findings
        if is_shown(finding.rule, places.marked(finding))
        and not _is_said(finding, own, places)
        and unwanted.isdisjoint(SAID_BY_KOONJ.get(finding.rule, ()))
    ]
    return in_order((*own, *added))


def _is_said(finding: Finding, own: Iterable[Problem], places: Places) -> bool:
    """Return whether a problem of koonj says the same about the same statement."""
    same = SAID_BY_KOONJ.get(finding.rule, frozenset())
    lines = places.lines_of_statement(finding) if same else range(0)
    return any(problem.code in same and problem.line in lines for problem in own)


def _problem(finding: Finding, places: Places) -> Problem:
    line, column = places.start(finding)
    code = f"{OF_SQUAWK}{finding.rule}"
    return Problem(code, Severity.WARNING, finding.message, finding.help, line, column)
