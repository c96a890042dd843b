"""Check migrations with the safety rules: their findings, what other files say, and the levels.

What reads statements is imported when the first finding needs it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from koonj.checks.kept_findings import FINDINGS, check_findings
from koonj.checks.levels import Levels
from koonj.checks.measured import Measured, contradicts
from koonj.checks.mentions import mentions
from koonj.checks.model import Finding
from koonj.checks.objects.glance import glance
from koonj.checks.objects.suspects import suspects_of
from koonj.migrations.file_problems import in_order
from koonj.migrations.folder import FileProblem, Folder, folder_problems
from koonj.migrations.kept_value import PROBLEMS, known
from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem

if TYPE_CHECKING:
    from koonj.checks.facts import Fact


def check_folder(folder: Folder, levels: Levels) -> tuple[FileProblem, ...]:
    """Return all problems of a folder and its files, and the findings of the safety rules, file by file.

    No database is asked, so it is not known what is applied where: the findings are about all files that
    `levels` does not exclude. A table that the file just before creates counts as new.
    """
    checker = Checker(folder.migrations, levels)
    texts: list[tuple[Problem, ...]] = []
    found: list[tuple[Finding, ...]] = []
    for place, migration in enumerate(folder.migrations):
        problems, findings = _read(migration, levels)
        texts.append(problems)
        found.append(checker.without_new(findings, folder.migrations[max(place - 1, 0) : place]))
    for place, some in checker.missing.items():
        found[place] = (*found[place], *some)
    checker.prepare([finding for findings in found for finding in findings])
    of_files = (
        FileProblem(migration.name, migration.path_of(problem), problem)
        for place, migration in enumerate(folder.migrations)
        for problem in _merged(texts[place], [one.problem for one in checker.resolved(place, found[place])])
    )
    return (*folder_problems(folder), *of_files)


def check_file(folder: Folder, migration: Migration, levels: Levels) -> tuple[Problem, ...]:
    """Return the problems and findings of one file of a folder that `check_folder` returns for it."""
    files = folder.migrations
    place = next((place for place, one in enumerate(files) if one.name == migration.name), 0)
    pending = files[max(place - 1, 0) : place]
    return _merged(migration.problems, Checker(files, levels).findings(migration, pending=pending))


def _merged(problems: tuple[Problem, ...], findings: Sequence[Problem]) -> tuple[Problem, ...]:
    return in_order((*problems, *findings)) if findings else problems


def _read(migration: Migration, levels: Levels) -> tuple[tuple[Problem, ...], tuple[Finding, ...]]:
    """Return the problems of a file's text and its findings; what is parsed for them is freed."""
    checked = migration.number > levels.after
    problems = known(migration, "problems", PROBLEMS)
    findings = known(migration, check_findings.__name__, FINDINGS) if checked else ()
    if problems is None or findings is None:
        fresh = migration.fresh()
        problems, findings = fresh.problems, check_findings(fresh) if checked else ()
    return problems, findings


class Checker:
    """Finds in the migrations of a folder what the safety rules report."""

    def __init__(self, migrations: Sequence[Migration], levels: Levels) -> None:
        """`migrations`: all of the folder, in their order."""
        self._migrations = migrations
        self._levels = levels
        self._known: dict[str, list[tuple[int, int, Fact]]] = {}
        """By the name of the table: the place of the file, the number of the fact in it, and the fact."""

    def findings(
        self,
        migration: Migration,
        *,
        pending: Sequence[Migration] = (),
        measured: Mapping[int, Measured] | None = None,
    ) -> tuple[Problem, ...]:
        """Return what the rules report about one migration, by line.

        Args:
            migration: it can have another text than the file of its name in the folder.
            pending: the pending files before it. Nobody uses yet the tables that they create.
            measured: what a rehearsal of exactly this text measured, by the lines of its statements.
        """
        found = self.unmeasured(migration, pending)
        return tuple(one.problem for one in found if not measured or not contradicts(one, measured))

    def unmeasured(self, migration: Migration, pending: Sequence[Migration] = ()) -> tuple[Finding, ...]:
        """Return what the rules report about one migration, before it is known what a rehearsal measured."""
        if migration.number <= self._levels.after:
            return ()
        place = self._place(migration)
        found = (
            *self.without_new(check_findings(migration), pending),
            *self._missing_in(migration, place),
        )
        self.prepare(found)
        return tuple(self.resolved(place, found, migration))

    @cached_property
    def missing(self) -> Mapping[int, tuple[Finding, ...]]:
        """What the files use that is surely not there, by their index."""
        return self._missing(self._migrations)

    def _missing_in(self, migration: Migration, place: int) -> tuple[Finding, ...]:
        files = self._migrations
        if place < len(files) and files[place].raw == migration.raw:
            return self.missing.get(place, ())
        return self._missing([*files[:place], migration, *files[place + 1 :]]).get(place, ())

    def _missing(self, files: Sequence[Migration]) -> Mapping[int, tuple[Finding, ...]]:
        suspects = suspects_of([glance(one.raw) for one in files])
        if not suspects.names:
            return {}
        from koonj.checks.objects.missing import missing  # noqa: PLC0415 - as above

        found = missing(files, suspects)
        return {place: some for place, some in found.items() if files[place].number > self._levels.after}

    @staticmethod
    def without_new(findings: tuple[Finding, ...], before: Sequence[Migration]) -> tuple[Finding, ...]:
        """Return the findings that are not about a table that these files create."""
        if not any(finding.table for finding in findings):
            return findings
        from koonj.checks.current_facts import new_tables  # noqa: PLC0415 - as above
        from koonj.checks.facts import check_facts  # noqa: PLC0415 - as above

        made = new_tables(fact for one in before for fact in check_facts(one.fresh()))
        return tuple(finding for finding in findings if not finding.table or finding.table not in made)

    def prepare(self, findings: Sequence[Finding]) -> None:
        """Read what the files say about the tables of these findings' conditions, all in one pass."""
        self._read({finding.condition[1] for finding in findings if finding.condition})

    def _read(self, tables: set[str]) -> None:
        """Read what the files say about tables of these names."""
        wanted = tables - self._known.keys()
        if not wanted:
            return
        from koonj.checks.facts import check_facts  # noqa: PLC0415 - as above

        self._known.update((table, []) for table in wanted)
        lower = frozenset(table.lower() for table in wanted)
        for place, migration in enumerate(self._migrations):
            if not mentions(migration.raw.decode(errors="replace").lower(), lower):
                continue
            for number, fact in enumerate(check_facts(migration.fresh())):
                if fact[1] in wanted:
                    self._known[fact[1]].append((place, number, fact))

    def resolved(
        self, place: int, findings: Sequence[Finding], migration: Migration | None = None
    ) -> Iterator[Finding]:
        """Yield the findings of the file at this place that hold, at their levels.

        `migration`: the file if its text is not that in the folder.
        """
        for finding in findings:
            problem = self._levels.leveled(finding.problem, in_rollback=finding.in_rollback)
            if problem is not None and self._holds(finding, place, migration):
                yield finding if problem is finding.problem else replace(finding, problem=problem)

    def _holds(self, finding: Finding, place: int, migration: Migration | None) -> bool:
        condition = finding.condition
        if not condition:
            return True
        from koonj.checks.conditions import holds, own_facts  # noqa: PLC0415 - as above
        from koonj.checks.facts import check_facts  # noqa: PLC0415 - as above

        count = own_facts(condition, finding.facts_before or 0)
        own = check_facts(migration or self._migrations[place])[:count]
        names = self._names(condition[1], own)
        about = sorted(one for name in names for one in self._known[name])
        before = [fact for *_, fact in about[: bisect_left(about, (place,))]]
        later = [fact for *_, fact in about[bisect_left(about, (place + 1,)) :]] if count is None else []
        return holds(condition, [*before, *(fact for fact in own if fact[1] in names), *later])

    def _names(self, table: str, own: Sequence[Fact]) -> set[str]:
        """Return all names that a table has had, and read what the files say about them."""
        from koonj.checks.current_facts import old_names  # noqa: PLC0415 - as above

        names, found = set[str](), {table}
        while found:
            names |= found
            self._read(found)
            known = [fact for name in found for *_, fact in self._known[name]]
            found = old_names([*known, *own], found) - names
        return names

    def _place(self, migration: Migration) -> int:
        return self._places.get(migration.name, len(self._migrations))

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {migration.name: place for place, migration in enumerate(self._migrations)}
