"""The options of `koonj apply` and `koonj rollback` for several targets."""

from __future__ import annotations

import re
from argparse import SUPPRESS, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from koonj.cli.diagnostics import UsageError
from koonj.cli.parser import Parser

if TYPE_CHECKING:
    from koonj.runner.fleet.waves import Waves

_HELP = """\
koonj plans all targets first, and shows one plan for all that are alike. Then it {what}.
Each target has an ordinary run with its own lock and history. A wave starts when the one before it has ended.
A failure in the first wave always stops. To continue, run the same command again: nothing is done twice. An
unreachable target, or one with a conflict, counts as a failure from the start. Each protected target needs
its own --confirm NAME, or its name typed.
exit codes: 0 {good}, else that of the worst target, in this order: 1, 4, 7, 2,
5, 6; 8 you left the runs, which are still in progress.
"""
_APPLY = {"what": "runs all pending\nmigrations, or those up to N", "good": "all targets are up to date"}
_ROLLBACK = {
    "what": "rolls back all\nmigrations above N, or all of them with --all",
    "good": "nothing is left to roll back",
}
_ONLY_HERE = ("wave", "at_once", "max_failures")


def add_fleet_options(verb: str, parser: Parser) -> None:
    """Add the options for several targets. `verb`: of the command, such as ``apply to``."""
    words = _APPLY if verb == "apply to" else _ROLLBACK
    group = parser.add_argument_group("several targets", _HELP.format(**words))
    which = group.add_mutually_exclusive_group()
    which.add_argument("--all-targets", action="store_true", help=f"{verb} all targets of koonj.toml")
    which.add_argument(
        "--targets",
        metavar="PATTERNS",
        type=_patterns,
        help=f"{verb} the targets with such names, such as 'tenant*' or 'canary,tenant*'",
    )
    group.add_argument(
        "--wave",
        metavar="SIZES",
        type=_waves,
        help="sizes of the waves, such as 1,5,rest (default: 1,rest: one target first, then the others)",
    )
    group.add_argument(
        "--at-once", metavar="N", type=_positive, help="targets that run side by side (default: 4)"
    )
    group.add_argument(
        "--max-failures",
        metavar="N",
        type=_positive,
        help="start no other target after N failures (default: 1); a target that is not ready is one of them",
    )
    group.add_argument("--leave", action="store_true", help=SUPPRESS)  # for the screen, which follows the run


def is_fleet(args: Namespace) -> bool:
    """Return whether the command is for several targets."""
    return bool(args.all_targets or args.targets)


def check_fleet(args: Namespace) -> None:
    """Check the options for several targets.

    Raises:
        UsageError: the options cannot be combined.
    """
    if not is_fleet(args):
        given = [f"--{name.replace('_', '-')}" for name in _ONLY_HERE if getattr(args, name) is not None]
        if given:
            raise UsageError(f"{given[0]} requires --all-targets or --targets.")
        if len(args.confirmed) > 1:
            raise UsageError("Use --confirm once. Only with --all-targets or --targets it can be repeated.")
        return
    option = "--all-targets" if args.all_targets else "--targets"
    for other in ("target", "dsn"):
        if getattr(args, other) is not None:
            raise UsageError(f"Use either {option} or --{other}, not both.")
    if args.command == "rollback" and args.number is None and not args.all:
        raise UsageError(
            f"koonj rollback {option} requires N or --all.",
            "The migration that was applied last can be another one on each target.",
        )
    if args.probe:
        raise UsageError(f"--probe cannot be used with {option}. Use it with one target.")


def _patterns(text: str) -> tuple[str, ...]:
    patterns = tuple(part.strip() for part in re.split(r",(?!\])", text))  # `[,]` is a comma of a name
    if not all(patterns):
        raise ArgumentTypeError(f"{text!r} has an empty name")
    return patterns


def _waves(text: str) -> Waves:
    from koonj.runner.fleet.waves import Waves  # noqa: PLC0415 - only for several targets

    try:
        return Waves.of(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
