"""The states of all migrations on several targets, side by side. Reads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

if TYPE_CHECKING:
    from koonj.migrations.folder import Folder
    from koonj.runner.target.status import TargetStatus  # imports psycopg

QUIET = frozenset({State.APPLIED, State.ADOPTED})
"""States in which a migration is in order. A row with only these says nothing that a user has to read."""
MOST_ALIKE = 6
"""Rows with the same states, one after the other, of which all are shown. Of more, the first and the last."""


class NoState(StrEnum):
    """Why a migration has no state on a target. The value is the word on the screen and in JSON."""

    UNKNOWN = "unknown"
    """The target could not be read, or was not read yet."""
    ABSENT = "absent"
    """It has no file, and is not applied there: it is in the matrix because of another target."""


Cell = MigrationStatus | NoState


class MatrixRow(NamedTuple):
    """One migration on every target. A named tuple: ten thousand of them are made while the screen waits."""

    number: int
    name: str
    cells: tuple[Cell, ...]
    kinds: tuple[str, ...]
    """What equal cells have in common; see `kind_of`."""
    differs: bool
    """Whether its states differ between targets; an unknown state does not differ from any."""
    is_quiet: bool
    """Whether it is applied on every target whose state is known, or none is known."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows in the middle of others with the same states, which are not shown one by one."""

    rows: tuple[MatrixRow, ...]


def matrix(folder: Folder, statuses: Sequence[TargetStatus | None]) -> tuple[MatrixRow, ...]:
    """Return a row for each migration of the folder, and for each that is applied somewhere without a file.

    `statuses`: those of the columns; None: not read yet.
    """
    known = [
        None if s is None or s.error is not None else {m.name: m for m in s.migrations} for s in statuses
    ]
    files = {m.name: m.number for m in folder.migrations}
    others = {s.name: s.number for column in known for s in (column or {}).values() if s.name not in files}
    columns = [_column(column, files, others) for column in known]
    cells: Iterable[tuple[Cell, ...]] = zip(*columns, strict=True)
    kinds: Iterable[tuple[str, ...]] = zip(
        *([kind_of(cell) for cell in column] for column in columns), strict=True
    )
    make = partial(tuple.__new__, MatrixRow)  # the usual constructor needs twice the time
    judged = cache(_judged)  # thousands of rows have few different states
    rows: list[MatrixRow] = [
        make((number, name, of_row, kinds_of_row, *judged(kinds_of_row)))
        for (name, number), of_row, kinds_of_row in zip(
            (*files.items(), *others.items()), cells, kinds, strict=True
        )
    ]
    return tuple(sorted(rows, key=lambda row: (row.number, row.name))) if others else tuple(rows)


def _known(status: TargetStatus | None) -> dict[str, MigrationStatus] | None:
    if status is None or status.error is not None:
        return None
    return {migration.name: migration for migration in status.migrations}


def _column(
    known: dict[str, MigrationStatus] | None, files: Iterable[str], others: Sequence[str] | dict[str, int]
) -> list[Cell]:
    if known is None:
        return [NoState.UNKNOWN for names in (files, others) for _ in names]
    get = known.get
    # A file without a status is newer than the status.
    of_files: list[Cell] = [get(name) or NoState.UNKNOWN for name in files]
    return of_files + [get(name) or NoState.ABSENT for name in others]


def _judged(kinds: tuple[str, ...]) -> tuple[bool, bool]:
    """Return whether the states differ, and whether no state has to be read."""
    known = {kind for kind in kinds if kind != NoState.UNKNOWN}
    return len(known) > 1, known <= QUIET


def kind_of(cell: Cell) -> str:
    """Return what two equal cells have in common: the state, and whether a decision allows it."""
    if isinstance(cell, NoState):
        return cell
    return f"{cell.state} (allowed)" if cell.allowed and cell.state not in QUIET else cell.state


def worth_showing(rows: Iterable[MatrixRow]) -> tuple[MatrixRow, ...]:
    """Return the rows that are not in order on every target."""
    return tuple(row for row in rows if not row.is_quiet)


def folded(rows: Sequence[MatrixRow]) -> list[MatrixRow | Alike]:
    """Return the rows; of many alike ones in a row, the first, the last, and what is between them."""
    shown: list[MatrixRow | Alike] = []
    start = 0
    while start < len(rows):
        end = start + 1
        while end < len(rows) and rows[end].kinds == rows[start].kinds:
            end += 1
        some = rows[start:end]
        shown += some if len(some) <= MOST_ALIKE else [some[0], Alike(tuple(some[1:-1])), some[-1]]
        start = end
    return shown
