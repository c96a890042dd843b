"""Define and parse the command line: commands, options and their combinations."""

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
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from koonj.cli import file_options, help_text
from koonj.cli.diagnostics import UsageError
from koonj.cli.output import Output

ALLOWABLE_VERDICTS = ("lossy", "reordered", "irreversible")
"""Values of --allow for `rehearse`: verdicts that a user can intend."""

ALLOWABLE_STATES = ("late", "edited", "missing", "renamed", "duplicate", *ALLOWABLE_VERDICTS)
"""Values of --allow for `apply` and `rollback`: conflicts, and verdicts."""

DEFAULT_WAIT = 60.0
"""Seconds to wait for the koonj lock of another run."""

_NUMBER = "a number (16, 016) or a file name"


class Parser(ArgumentParser):
    """Argument parser that reports through koonj's own output streams."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False, add_help=False, **options
        )
        self.missing: list[Callable[[Parser], None]] = []
        """Functions that add its options before it parses: only the parser of one command does."""

    def parse_known_args(self, *words: Any, **options: Any) -> Any:
        """Add the options and parse."""
        for add in self.missing:
            add(self)
        self.missing = []
        return super().parse_known_args(*words, **options)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of exiting, as argparse would."""
        raise UsageError(message, f"For help, run: {self.prog} --help")


class _Help(Action):
    """Print the help to stdout, not to stderr: the user asked for it."""

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        out = Output(as_json=False)
        out.lines(parser.format_help().rstrip("\n").split("\n"))
        out.check()
        parser.exit()


def _help(parser: Parser) -> None:
    parser.add_argument("-h", "--help", action=_Help, nargs=0, help="show this help and exit")


def parse(argv: Sequence[str]) -> Namespace:
    """Parse and check the arguments.

    Raises:
        UsageError: the arguments are invalid.
        SystemExit: --help was printed.
    """
    shared = Namespace(
        target=None, dsn=None, migrations=None, json=False, version=False, handed_over=False, command=None
    )
    args = build().parse_args(argv, shared)
    if args.command in {"apply", "rollback", "rehearse"}:
        args.allow = frozenset[str]().union(*args.allow)
    if args.command in {"apply", "rollback", "unblock"}:
        from koonj.cli.option_checks import check_run, check_unblock  # noqa: PLC0415 - not of every command

        (check_unblock if args.command == "unblock" else check_run)(args)
    if args.command == "trust" and args.folder is not None and not args.remove:
        raise UsageError("FOLDER is only for --remove. To trust a folder, go to it and run: koonj trust")
    if args.command == "rehearse" and args.all and args.numbers:
        raise UsageError("Use either --all or N, not both.")
    if args.command == "rehearse" and args.again and args.cached:
        raise UsageError("Use either --again or --cached, not both.")
    return args


def build() -> Parser:
    """Build the parser of all commands."""
    parser = Parser(prog="koonj", description=help_text.ABOUT, epilog=help_text.EPILOG)
    _help(parser)
    _shared_options(parser)
    parser.add_argument("--ascii", action="store_true", help="use only ASCII characters on the screen")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, summary: str, epilog: str, *own: Callable[[Parser], None]) -> None:
        subparser: Parser = commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", epilog=epilog
        )
        subparser.missing += [_help, _shared_options, *own]

    command("status", "show which migrations are applied and pending on the target", help_text.STATUS)
    command("show", "show a migration's text, statements or rollback", help_text.SHOW, _show)
    command(
        "new",
        "create the next migration file, blank or from a pattern",
        help_text.NEW,
        _new,
        file_options.from_edit,
    )
    command(
        "patterns",
        "list the patterns for `koonj new`, or the fields of one",
        help_text.PATTERNS,
        _patterns,
    )
    command("renumber", "give pending migrations other numbers", help_text.RENUMBER, file_options.renumber)
    command("restore", "write the text that was applied into a file", help_text.RESTORE, file_options.restore)
    meaning = "apply all pending migrations up to and including N"
    command("apply", "apply pending migrations", help_text.APPLY, partial(_run, meaning))
    meaning = "roll back all applied migrations with a number above N"
    command("rollback", "roll back applied migrations", help_text.ROLLBACK, partial(_run, meaning))
    command(
        "rehearse",
        "apply migrations, roll them back and apply them again on a scratch database",
        help_text.REHEARSE,
        _rehearse,
    )
    command("drift", "compare the target's schema with its applied migrations", help_text.DRIFT, _drift)
    command(
        "settle", "show and decide what an interrupted migration has committed", help_text.SETTLE, _settle
    )
    command(
        "unblock",
        "show which sessions are in the way of a run, and end one of them",
        help_text.UNBLOCK,
        _unblock,
    )
    command("history", "list what was done on the target, when and by whom", help_text.HISTORY, _history)
    command("runs", "list the runs of this user on this machine", help_text.RUNS)
    command("attach", "follow a run that is in progress, or show how it ended", help_text.ATTACH, _attach)
    command("check", "check the migration files for problems, without a database", help_text.CHECK)
    command("init", "create koonj.toml and a folder for migrations", help_text.INIT)
    command("trust", "let koonj run what this folder contains", help_text.TRUST, _trust)
    return parser


def _shared_options(parser: Parser) -> None:
    """Add the options that can be written before or after the command.

    SUPPRESS: an option that is missing after the command does not reset the one before it.
    """
    group = parser.add_argument_group("options of all commands")
    group.add_argument("--target", metavar="NAME", default=SUPPRESS, help="name of a target in koonj.toml")
    group.add_argument(
        "--dsn", default=SUPPRESS, help="connection string: a URL, libpq keywords, or `embedded`"
    )
    group.add_argument(
        "--migrations", metavar="PATH", type=Path, default=SUPPRESS, help="folder of the migrations"
    )
    group.add_argument(
        "--json", action="store_true", default=SUPPRESS, help="print JSON to stdout (see docs/json.md)"
    )
    group.add_argument("--handed-over", action="store_true", default=SUPPRESS, help=SUPPRESS)
    group.add_argument(
        "--version",
        action="store_true",
        default=SUPPRESS,
        help="show the versions of koonj, Python, psycopg, libpq and Textual",
    )


def _trust(parser: Parser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--remove", action="store_true", help="do not trust the folder any more")
    which.add_argument("--list", action="store_true", help="list all trusted folders")
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        type=Path,
        help="with --remove: the folder, which need not exist (default: the project's)",
    )


def _show(parser: Parser) -> None:
    parser.add_argument("number", metavar="N", help=_NUMBER)
    parser.add_argument("--rollback", action="store_true", help="show the rollback instead of the whole file")
    parser.add_argument("--statements", action="store_true", help="show one line per statement")
    parser.add_argument("--numbers", action="store_true", help="show line numbers")


def _new(parser: Parser) -> None:
    parser.add_argument("words", metavar="NAME", nargs="*", help="a few words that describe the migration")
    parser.add_argument(
        "--pattern",
        nargs="+",
        metavar=("PATTERN", "field=value"),
        help="create the migration from a pattern, with these fields filled in",
    )


def _patterns(parser: Parser) -> None:
    parser.add_argument("pattern", metavar="PATTERN", nargs="?", help="show the fields of this pattern")


def _attach(parser: Parser) -> None:
    parser.add_argument(
        "id",
        metavar="ID",
        nargs="?",
        help="the first characters of a run's id (default: the newest run in progress in this folder, "
        "else the newest run)",
    )
    parser.add_argument(
        "--verbose", "-v", action="store_true", help="show every statement of long migrations"
    )


def _history(parser: Parser) -> None:
    parser.add_argument("number", metavar="N", nargs="?", help=_NUMBER)


def _settle(parser: Parser) -> None:
    parser.add_argument("number", metavar="N", help=_NUMBER)
    decision = parser.add_mutually_exclusive_group()
    decision.add_argument(
        "--done", metavar="K", type=int, help="statement K is done: the next run continues after it"
    )
    decision.add_argument(
        "--again", metavar="K", type=int, help="statement K is not done: the next run runs it again"
    )
    decision.add_argument(
        "--repair",
        action="store_true",
        help="run the commands that remove or complete what the statement left",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why; recorded in the history")
    parser.add_argument(
        "--confirm", metavar="NAME", help="name of the target; required if the target is protected"
    )


def _unblock(parser: Parser) -> None:
    parser.add_argument("pid", metavar="PID", nargs="?", type=int, help="the session on the server")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--cancel", action="store_true", help="cancel its running statement")
    how.add_argument(
        "--end", action="store_true", help="end the session; what it has not committed is rolled back"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why; required, and recorded in the history")
    parser.add_argument(
        "--confirm", metavar="NAME", help="name of the target; required if the target is protected"
    )


def _rehearse(parser: Parser) -> None:
    which = parser.add_argument_group("migrations")
    which.add_argument(
        "numbers",
        metavar="N",
        nargs="*",
        help=f"{_NUMBER} (default: all that are pending or edited on the target)",
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


def _drift(parser: Parser) -> None:
    parser.add_argument(
        "--pg",
        metavar="MAJOR",
        type=int,
        help="run the migrations on this major version of PostgreSQL (default: the target's)",
    )
    parser.add_argument(
        "--verbose",
        "-v",
        action="store_true",
        help="also show parts and DDL of objects that only one side has",
    )


def _run(meaning: str, parser: Parser) -> None:
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("number", metavar="N", nargs="?", help=f"{meaning}: {_NUMBER}")
    extent.add_argument("--all", action="store_true", help="all migrations, not only one")
    parser.add_argument("--plan", "--dry-run", action="store_true", help="show the plan and exit")
    parser.add_argument(
        "--probe", action="store_true", help="run the migrations on the target, then roll everything back"
    )
    parser.add_argument(
        "--yes", action="store_true", help="do not ask for confirmation (targets that are not protected)"
    )
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
