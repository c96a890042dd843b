"""Choose several targets of koonj.toml by patterns for their names."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from koonj.config import ConfigError, Target


def chosen_targets(targets: Sequence[Target], patterns: Sequence[str] | None) -> tuple[Target, ...]:
    """Return the targets whose names fit; None: all.

    They are in the order of the patterns, and of koonj.toml for each pattern. Only targets of koonj.toml are
    among them: not a dsn from the environment, which happens to be there.

    Raises:
        ConfigError: a pattern fits no target, or koonj.toml has none.
    """
    declared = [target for target in targets if target.declared]
    if not declared:
        raise ConfigError(
            "koonj.toml declares no target. Add a table such as [targets.production], or leave out "
            "--all-targets and --targets."
        )
    if patterns is None:
        return tuple(declared)
    chosen: dict[str, Target] = {}
    for pattern in patterns:
        fits = [target for target in declared if fnmatchcase(target.name, pattern)]
        if not fits:
            names = ", ".join(target.name for target in declared)
            raise ConfigError(
                f"--targets {pattern}: no target of koonj.toml has such a name. Known: {names}."
            )
        for target in fits:
            chosen.setdefault(target.name, target)
    return tuple(chosen.values())
