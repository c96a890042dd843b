"""The words of the koonj commands that the screen runs in processes of their own."""

from __future__ import annotations

from collections.abc import Sequence

from koonj.config import Settings, Target


def rehearse_words(
    settings: Settings, target: Target, *, again: bool, cached_only: bool, major: int | None
) -> Sequence[str]:
    """Return the words of `koonj rehearse` before the names of the files."""
    return (
        *("rehearse", "--json", "--idle"),
        *(("--again",) if again else ()),
        *(("--cached",) if cached_only else ()),
        *_target_options(settings, target),
        *(() if major is None else ("--target-pg", str(major))),
    )


def drift_words(settings: Settings, target: Target) -> Sequence[str]:
    """Return the words of `koonj drift`."""
    return ("drift", "--json", *_target_options(settings, target))


def dsn_option(target: Target) -> str | None:
    """Return the dsn of a target that the command cannot find by its name."""
    return target.dsn if target.name == "dsn" and not target.declared else None


def _target_options(settings: Settings, target: Target) -> Sequence[str]:
    """Return the options that select the same folder and target for the command.

    The command inherits a target from the environment; `dsn_option` selects that of the option --dsn.
    """
    folder = ("--migrations", str(settings.migrations))
    return (*folder, "--target", target.name) if target.declared else folder
