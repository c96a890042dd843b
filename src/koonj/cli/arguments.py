"""The command line."""

from __future__ import annotations

import math
from argparse import (
    SUPPRESS,
    Action,
    ArgumentParser,
    ArgumentTypeError,
    Namespace,
    RawDescriptionHelpFormatter,
)
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from koonj.cli import help_text
from koonj.cli.diagnostics import UsageError
from koonj.cli.output import Output

ALLOWABLE = ("late", "edited", "missing", "duplicate", "interrupted", "lossy")
"""States that --allow lets pass, each with a reason."""

PASSABLE = ("lossy", "reordered", "irreversible")
"""Verdicts of a rehearsal that its --allow lets pass: the way back is known, or known not to be there."""

WAIT = 60.0
"""Seconds to wait for the target's lock, unless --wait says otherwise."""

_NUMBER = "a number (16, 016) or a file name"


class Parser(ArgumentParser):
    """argparse, with its words sent through our own stdout and stderr."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False, add_help=False, **options
        )
        self.add_argument("-h", "--help", action=_Help, nargs=0, help="show this help and leave")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message, f"See {self.prog} --help")


class _Help(Action):
    """Help is asked for, so it is output."""

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        out = Output(as_json=False)
        out.lines(parser.format_help().rstrip("\n").split("\n"))
        out.check()
        parser.exit()


def parse(argv: Sequence[str]) -> Namespace:
    """The command and its options. Raises UsageError; raises SystemExit after --help."""
    shared = Namespace(target=None, dsn=None, migrations=None, json=False, version=False, command=None)
    args = build().parse_args(argv, shared)
    if args.command in {"apply", "rollback"}:
        _check_run(args)
    if args.command == "rehearse" and args.all and args.numbers:
        raise UsageError("--all is every migration, and N only some; give one of them.")
    return args


def build() -> Parser:
    """The parser of all commands."""
    parser = Parser(prog="koonj", description=help_text.ABOUT, epilog=help_text.EPILOG)
    _shared_options(parser)
    parser.add_argument("--ascii", action="store_true", help="draw the screen in ASCII only")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, summary: str, epilog: str) -> Parser:
        made: Parser = commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", epilog=epilog
        )
        _shared_options(made)
        return made

    command("status", "what is applied and what is pending on the target", help_text.STATUS)
    _show(command("show", "a migration's text, statements or rollback", help_text.SHOW))
    _new(command("new", "make the next migration file, blank or from a pattern", help_text.NEW))
    _patterns(command("patterns", "the patterns that `new` can use, and their fields", help_text.PATTERNS))
    _run(command("apply", "run pending migrations", help_text.APPLY), "apply all pending up to and with N")
    _run(
        command("rollback", "take applied migrations back", help_text.ROLLBACK),
        "roll back all applied above N; N itself stays",
    )
    _rehearse(
        command("rehearse", "run migrations up, down and up again on a scratch database", help_text.REHEARSE)
    )
    _drift(command("drift", "what the target has that its applied files do not produce", help_text.DRIFT))
    _history(command("history", "what was done on the target, when and by whom", help_text.HISTORY))
    command("check", "problems of the files, found without a database", help_text.CHECK)
    command("init", "begin a project here", help_text.INIT)
    return parser


def _shared_options(parser: Parser) -> None:
    """Options that stand before or after the command. SUPPRESS: what is not given after it hides nothing."""
    group = parser.add_argument_group("everywhere")
    group.add_argument("--target", metavar="NAME", default=SUPPRESS, help="a target of koonj.toml")
    group.add_argument(
        "--dsn", default=SUPPRESS, help="a database, as libpq knows it (URL or keywords), or `embedded`"
    )
    group.add_argument(
        "--migrations", metavar="PATH", type=Path, default=SUPPRESS, help="the folder of migrations"
    )
    group.add_argument(
        "--json", action="store_true", default=SUPPRESS, help="JSON on stdout: see docs/json.md"
    )
    group.add_argument(
        "--version",
        action="store_true",
        default=SUPPRESS,
        help="show the versions of koonj, Python, psycopg, libpq and Textual",
    )


def _show(parser: Parser) -> None:
    parser.add_argument("number", metavar="N", help=_NUMBER)
    parser.add_argument("--rollback", action="store_true", help="the rollback instead of the whole file")
    parser.add_argument("--statements", action="store_true", help="a line for each statement")
    parser.add_argument("--numbers", action="store_true", help="line numbers before the lines")


def _new(parser: Parser) -> None:
    parser.add_argument("words", metavar="NAME", nargs="*", help="what it does, in a few words")
    parser.add_argument(
        "--pattern", nargs="+", metavar=("PATTERN", "field=value"), help="fill in a pattern's fields"
    )


def _patterns(parser: Parser) -> None:
    parser.add_argument("pattern", metavar="PATTERN", nargs="?", help="show the fields of this one")


def _history(parser: Parser) -> None:
    parser.add_argument("number", metavar="N", nargs="?", help=_NUMBER)


def _rehearse(parser: Parser) -> None:
    which = parser.add_argument_group("which")
    which.add_argument(
        "numbers", metavar="N", nargs="*", help=f"these: {_NUMBER}; else all that are pending on the target"
    )
    which.add_argument("--all", action="store_true", help="every one; asks no target")
    parser.add_argument(
        "--pg", metavar="MAJOR", type=int, help="on this major version of PostgreSQL, such as 15"
    )
    parser.add_argument(
        "--target-pg",
        metavar="MAJOR",
        type=int,
        help="the target's major version: rehearse on it where it is installed, and say so where not",
    )
    parser.add_argument(
        "--like", metavar="TARGET", help="from that target's real schema, which is copied without its data"
    )
    parser.add_argument("--again", action="store_true", help="also what has a verdict already")
    parser.add_argument(
        "--allow",
        metavar="VERDICT",
        action="append",
        default=[],
        choices=PASSABLE,
        help=f"let {', '.join(PASSABLE[:-1])} or {PASSABLE[-1]} pass, too; can be repeated",
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="locks and times of each statement")
    parser.add_argument(
        "--idle", action="store_true", help="at the lowest priority, and only while the caller lives"
    )


def _drift(parser: Parser) -> None:
    parser.add_argument(
        "--pg", metavar="MAJOR", type=int, help="run the files on this major version; else on the target's"
    )
    parser.add_argument(
        "--verbose", "-v", action="store_true", help="also the parts of what one side has alone, and its DDL"
    )


def _run(parser: Parser, meaning: str) -> None:
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("number", metavar="N", nargs="?", help=f"{meaning}: {_NUMBER}")
    extent.add_argument("--all", action="store_true", help="every one, not only the next")
    parser.add_argument("--plan", "--dry-run", action="store_true", help="show the plan and stop")
    parser.add_argument("--probe", action="store_true", help="run it on the target and roll it back")
    parser.add_argument("--yes", action="store_true", help="answer the question for an unprotected target")
    parser.add_argument("--confirm", metavar="NAME", help="the target's name: the answer for a protected one")
    parser.add_argument(
        "--allow",
        metavar="STATE",
        action="append",
        default=[],
        type=_allowable,
        help=f"go on in spite of {', '.join(ALLOWABLE)}; can be repeated; needs --reason",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why it is allowed; history keeps it")
    parser.add_argument(
        "--override",
        metavar="REASON",
        help="go on without a verified rehearsal that the target wants; history keeps why",
    )
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_wait,
        default=WAIT,
        help=f"how long to wait for another run's lock: {WAIT:g} unless given, 0, or `forever`",
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="every statement of long migrations")


def _allowable(text: str) -> frozenset[str]:
    words = frozenset(word.strip() for word in text.split(","))
    unknown = ", ".join(sorted(words - set(ALLOWABLE)))
    if unknown:
        raise ArgumentTypeError(f"{unknown!r} cannot be allowed; one of: {', '.join(ALLOWABLE)}")
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


def _check_run(args: Namespace) -> None:
    """What argparse cannot say about apply and rollback. Raises UsageError."""
    args.allow = frozenset[str]().union(*args.allow)
    if args.probe and args.plan:
        raise UsageError("--plan touches nothing, --probe runs it on the target: give one of them")
    if args.allow and not (args.reason or "").strip():
        raise UsageError("--allow needs --reason TEXT: history keeps who decided, and why")
    if args.override is not None and not args.override.strip():
        raise UsageError("--override needs the reason why: history keeps it")
    if args.reason and not args.allow:
        raise UsageError("--reason is the reason of an --allow, and there is none")
