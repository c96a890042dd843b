"""Decide which suspicions are losses: by made-up rows where there were some, otherwise by the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from koonj.runner.rehearse.suspicion import Source, Suspicion
from koonj.runner.rehearse.trial import Trial
from koonj.sql.row_changes import plain_name

_SEEN = " (seen in the rehearsal)"


class Evidence:
    """What is known of the losses of one migration."""

    def __init__(self, trial: Trial | None) -> None:
        self._trial = trial
        self._explained: set[str] = set()

    def judged(self, suspicion: Suspicion) -> str | None:
        """Return the phrase of a loss; None if nothing is lost."""
        trial = self._trial
        if trial is None:
            return _by_text(suspicion)
        if suspicion.table is not None:
            suspicion = replace(suspicion, table=trial.roots.get(suspicion.table, suspicion.table))
        return self._by_rows(suspicion, trial)

    def _by_rows(self, suspicion: Suspicion, trial: Trial) -> str | None:
        if suspicion.source is Source.OBSERVED:
            return None  # the trial had the same rows
        if suspicion.source is Source.SEQUENCE:
            return self._sequence(suspicion, trial)
        if suspicion.place in trial.void:
            return None
        if suspicion.source is Source.HIDDEN:
            return None if suspicion.excused or _shown(suspicion, trial) else suspicion.possible
        if self._decides(suspicion, trial):
            return self._by_contents(suspicion, trial)
        return None if suspicion.excused and not suspicion.columns else suspicion.possible

    def unexplained(self) -> Iterator[str]:
        """Yield a phrase for each loss that made-up rows showed and no suspicion explains."""
        if self._trial is None:
            return
        lost = self._trial.lost
        for table, columns in sorted(lost.rows.items()):
            if table in self._explained:
                continue
            if table in lost.fewer:
                yield f"deletes rows of {table}{_SEEN}"
            else:
                yield f"overwrites {', '.join(f'{table}.{column}' for column in sorted(columns))}{_SEEN}"
        positions = self._trial.before.sequences
        known = {positions[name] for name in lost.sequences if not name.startswith("column ")}
        for sequence in sorted(lost.sequences - self._explained):
            if not sequence.startswith("column "):
                yield f"moves the sequence {sequence} back{_SEEN}"
            elif positions[sequence] not in known:  # another sequence has taken its place
                yield f"moves the sequence of the {sequence} back{_SEEN}"
        if lost.large_objects:
            yield f"deletes or overwrites large objects{_SEEN}"

    def _decides(self, suspicion: Suspicion, trial: Trial) -> bool:
        """Return whether made-up rows show whether this suspicion is right."""
        table = suspicion.table
        if suspicion.source is Source.TEXT:
            hits = trial.hits.get(suspicion.place, frozenset())
            return table in hits if table is not None else bool(hits)
        if table is None or table not in trial.before.tables:
            return trial.covers_everything  # renamed before: its rows are those of another name
        if not suspicion.columns:
            return trial.holds_rows(table)
        return all(trial.holds_values(table, column) for column in suspicion.columns)

    def _by_contents(self, suspicion: Suspicion, trial: Trial) -> str | None:
        table = suspicion.table
        if table is None:
            return suspicion.phrase if trial.lost.rows else None
        differing = trial.lost.rows.get(table)
        if differing is None:
            return None
        if suspicion.columns and not suspicion.columns & differing:
            return None
        self._explained.add(table)
        return suspicion.phrase

    def _sequence(self, suspicion: Suspicion, trial: Trial) -> str | None:
        table = suspicion.table
        assert table is not None
        if table not in trial.lost.sequences:
            return None
        self._explained.add(table)
        return suspicion.phrase


def _shown(suspicion: Suspicion, trial: Trial) -> bool:
    """Return whether made-up rows show what a hidden change does; `unexplained` names what is lost then."""
    hits = {plain_name(name) for name in trial.hits.get(suspicion.place, ())}
    if suspicion.table is None:
        return bool(hits) or trial.covers_everything
    return suspicion.table in hits


def _by_text(suspicion: Suspicion) -> str | None:
    if suspicion.excused:
        return None
    return suspicion.possible if suspicion.source in {Source.TEXT, Source.HIDDEN} else suspicion.phrase
