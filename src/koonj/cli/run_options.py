"""The options of `koonj apply`, `koonj rollback` and `koonj rehearse`."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Sequence
from functools import partial

from koonj.cli.parser import NUMBER, Parser, add_yes

ALLOWABLE_VERDICTS = ("lossy", "reordered", "irreversible")
"""Values of --allow for `rehearse`: verdicts that a user can intend."""

ALLOWABLE_STATES = ("late", "edited", "missing", "renamed", "duplicate", *ALLOWABLE_VERDICTS)
"""Values of --allow for `apply` and `rollback`: conflicts, and verdicts."""

DEFAULT_WAIT = 60.0
"""Seconds to wait for the koonj lock of another run."""


def add_rehearse_options(parser: Parser) -> None:
    """Add the options of `koonj rehearse`."""
    which = parser.add_argument_group("migrations")
    which.add_argument(
        "numbers",
        metavar="N",
        nargs="*",
        help=f"{NUMBER} (default: all that are pending or edited on the target)",
    )
    which.add_argument("--all", action="store_true", help="all migrations; does not connect to a target")
    parser.add_argument(
        "--pg", metavar="MAJOR", type=int, help="rehearse on this major version of PostgreSQL, such as 15"
    )
    parser.add_argument(
        "--target-pg",
        metavar="MAJOR",
        type=int,
        help="major version of the target; rehearse on it if it is installed, else show a note",
    )
    parser.add_argument(
        "--like",
        metavar="TARGET",
        help="start from the real schema of this target, without data; runs its functions on this machine",
    )
    parser.add_argument(
        "--again", action="store_true", help="rehearse again even if there is a cached verdict"
    )
    parser.add_argument(
        "--cached", action="store_true", help="rehearse nothing; show only the cached verdicts"
    )
    parser.add_argument(
        "--allow",
        metavar="VERDICT",
        action="append",
        default=[],
        type=partial(_allowable, ALLOWABLE_VERDICTS),
        help=f"do not fail for this verdict: {_choices(ALLOWABLE_VERDICTS)}; repeatable",
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="show locks and times of each statement")
    parser.add_argument(
        "--idle",
        action="store_true",
        help="run at the lowest priority and stop when the parent process exits",
    )


def add_run_options(meaning: str, parser: Parser, *, with_batch: bool = False) -> None:
    """Add the options of `koonj apply` and `koonj rollback`. `meaning`: of the argument N."""
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("number", metavar="N", nargs="?", help=f"{meaning}: {NUMBER}")
    extent.add_argument("--all", action="store_true", help="all migrations, not only one")
    if with_batch:
        parser.add_argument(
            "--batch",
            action="store_true",
            help="apply all pending migrations, or those up to N, in one transaction: all of them or none",
        )
        parser.add_argument(
            "--preflight",
            choices=("quick", "exact", "off"),
            help="how thoroughly the target's rows are asked whether the migrations will fail on them: "
            "quick (default of a plan that is read), exact (all rows of large tables too) or off",
        )
    parser.add_argument("--plan", "--dry-run", action="store_true", help="show the plan and exit")
    parser.add_argument(
        "--probe", action="store_true", help="run the migrations on the target, then roll everything back"
    )
    add_yes(parser, "do not ask for confirmation (targets that are not protected)")
    process = parser.add_mutually_exclusive_group()
    process.add_argument(
        "--detach",
        action="store_true",
        help="do not follow the run: print its id and exit; requires --yes or --confirm",
    )
    process.add_argument(
        "--foreground",
        action="store_true",
        help="run in this process, so that the run ends with it (default without a terminal, and in CI)",
    )
    parser.add_argument(
        "--confirm",
        metavar="NAME",
        action="append",
        help="confirm without a prompt; NAME must be the target's name "
        "(required for a protected target without a terminal)",
    )
    parser.add_argument(
        "--allow",
        metavar="STATE",
        action="append",
        default=[],
        type=partial(_allowable, ALLOWABLE_STATES),
        help="do not stop at migrations in this state, or with this verdict: "
        f"{_choices(ALLOWABLE_STATES)}; repeatable, requires --reason",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why --allow is used; recorded in the history")
    parser.add_argument(
        "--override",
        metavar="REASON",
        help="apply without a verified rollback although the target requires one; "
        "the reason is recorded in the history",
    )
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_wait,
        default=DEFAULT_WAIT,
        help=f"seconds to wait for another run's lock (default: {DEFAULT_WAIT:g}); 0 or `forever`",
    )
    parser.add_argument(
        "--verbose", "-v", action="store_true", help="show every statement of long migrations"
    )


def _choices(words: Sequence[str]) -> str:
    """Return ``lossy, reordered or irreversible``."""
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _allowable(choices: Sequence[str], text: str) -> frozenset[str]:
    words = frozenset(word.strip() for word in text.split(","))
    unknown = ", ".join(sorted(words - set(choices)))
    if unknown:
        raise ArgumentTypeError(f"{unknown!r} cannot be allowed (choose from {', '.join(choices)})")
    return words


def _wait(text: str) -> float | None:
    if text == "forever":
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not (0 <= seconds < math.inf):
        raise ArgumentTypeError(f"{text!r} is neither a number of seconds nor `forever`")
    return seconds
