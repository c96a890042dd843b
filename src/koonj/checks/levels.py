"""The level of each rule, from its default and koonj.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from koonj.config import ConfigError
from koonj.config.check_levels import OFF, CheckSettings
from koonj.config.toml_file import did_you_mean
from koonj.sql.problem import Problem, Severity

_LOWER: Mapping[Severity, Severity] = MappingProxyType(
    {Severity.ERROR: Severity.WARNING, Severity.WARNING: Severity.NOTE, Severity.NOTE: Severity.NOTE}
)


@dataclass(frozen=True, slots=True)
class Levels:
    """Which findings are reported, and how serious they are."""

    changed: Mapping[str, Severity | None] = field(default_factory=dict)
    """Levels that differ from the rule's own; None: off."""
    after: int = 0
    """Findings of migrations up to this number are not reported."""

    @property
    def can_stop(self) -> bool:
        """Whether a finding can be an error, which stops an apply."""
        return Severity.ERROR in self.changed.values()

    @property
    def off(self) -> frozenset[str]:
        """Codes that are not reported."""
        return frozenset(code for code, severity in self.changed.items() if severity is None)

    def leveled(self, problem: Problem, *, in_rollback: bool = False) -> Problem | None:
        """Return a finding with its level; None if it is off.

        In a rollback, which runs only if somebody asks for it, the level is one lower.
        """
        severity = self.changed.get(problem.code, problem.severity)
        if severity is None:
            return None
        severity = _LOWER[severity] if in_rollback else severity
        return problem if severity is problem.severity else replace(problem, severity=severity)


def levels_of(settings: CheckSettings) -> Levels:
    """Return the levels that koonj.toml sets.

    Raises:
        ConfigError: there is no rule with one of the codes.
    """
    if settings.levels:
        _check_codes(settings)
    changed = {e.code: None if e.level == OFF else Severity(e.level) for e in settings.levels}
    return Levels(changed, settings.after)


def _check_codes(settings: CheckSettings) -> None:
    # Without [checks], a command does not need the rules themselves.
    from koonj.checks.catalogue import RULES  # noqa: PLC0415 - as above
    from koonj.checks.ignores import IGNORE_CODES  # noqa: PLC0415 - as above

    codes = (*RULES, *IGNORE_CODES)
    for entry in settings.levels:
        if entry.code not in codes:
            known = did_you_mean(entry.code, codes)
            raise ConfigError(f"{entry.where}: unknown check {entry.code!r}. {known}")
