"""Define and parse the command line: commands, options and their combinations."""

from __future__ import annotations

from argparse import SUPPRESS, Namespace
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from koonj.cli import help_text
from koonj.cli.adopt_help import ADOPT
from koonj.cli.command_options import (
    add_adopt_options,
    add_attach_options,
    add_check_options,
    add_drift_options,
    add_history_options,
    add_new_options,
    add_patterns_options,
    add_settle_options,
    add_show_options,
    add_trust_options,
    add_tunnel_options,
    add_unblock_options,
)
from koonj.cli.doctor_help import DOCTOR
from koonj.cli.file_options import (
    add_from_edit_options,
    add_rename_options,
    add_renumber_options,
    add_restore_options,
    add_set_options,
)
from koonj.cli.parser import Parser, add_help
from koonj.cli.run_options import add_rehearse_options, add_run_options
from koonj.cli.status_options import add_status_options, check_status


def parse(argv: Sequence[str]) -> Namespace:
    """Parse and check the arguments.

    Raises:
        UsageError: the arguments are invalid.
        SystemExit: --help was printed.
    """
    args = _parsed(argv)
    if args.command in {"apply", "rollback", "rehearse"}:
        args.allow = frozenset[str]().union(*args.allow)
    if args.command == "status":
        check_status(args)
    elif args.command in _CHECKS:
        from koonj.cli import option_checks  # noqa: PLC0415 - only of the commands that have checks

        for name in _CHECKS[args.command]:
            check: Callable[[Namespace], None] = getattr(option_checks, name)
            check(args)
    return args


_CHECKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "check": ("check_format",),
        "apply": ("check_run", "check_targets"),
        "rollback": ("check_run", "check_targets"),
        "unblock": ("check_unblock",),
        "tunnel": ("check_tunnel",),
        "trust": ("check_trust",),
        "rehearse": ("check_rehearse",),
    }
)
"""Names of functions of option_checks, which the other commands do not import."""


def _parsed(argv: Sequence[str]) -> Namespace:
    """Return the arguments, before their combinations are checked."""
    before, program = list(argv), None
    if "tunnel" in argv and "--" in argv:
        cut = before.index("--")
        before, program = before[:cut], before[cut + 1 :]
    shared = Namespace(
        target=None, dsn=None, migrations=None, json=False, version=False, handed_over=False, command=None
    )
    args = build().parse_args(before, shared)
    if program is not None and args.command != "tunnel":  # the word was another command's
        return build().parse_args(argv, Namespace(**vars(shared) | {"command": None}))
    args.program = program or []
    return args


def build() -> Parser:
    """Build the parser of all commands."""
    parser = Parser(prog="koonj", description=help_text.ABOUT, epilog=help_text.EPILOG)
    add_help(parser)
    _shared_options(parser)
    parser.add_argument("--ascii", action="store_true", help="use only ASCII characters on the screen")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, summary: str, epilog: str, *own: Callable[[Parser], None]) -> None:
        subparser: Parser = commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", epilog=epilog
        )
        subparser.is_of_command = True
        subparser.missing += [add_help, _shared_options, *own]

    summary = "show which migrations are applied and pending on the target"
    command("status", summary, help_text.STATUS, add_status_options)
    command("show", "show a migration's text, statements or rollback", help_text.SHOW, add_show_options)
    summary = "create the next migration file, blank or from a pattern"
    command("new", summary, help_text.NEW, add_new_options, add_from_edit_options)
    command(
        "patterns",
        "list the patterns for `koonj new`, or the fields of one",
        help_text.PATTERNS,
        add_patterns_options,
    )
    command("renumber", "give pending migrations other numbers", help_text.RENUMBER, add_renumber_options)
    command("rename", "give a pending migration another title", help_text.RENAME, add_rename_options)
    command("restore", "write the text that was applied into a file", help_text.RESTORE, add_restore_options)
    command("set", "write settings into a migration that is not applied", help_text.SET, add_set_options)
    meaning = "apply all pending migrations up to and including N"
    command(
        "apply",
        "apply pending migrations",
        help_text.APPLY,
        partial(add_run_options, meaning, with_batch=True),
        partial(_fleet_options, "apply to"),
    )
    meaning = "roll back all applied migrations with a number above N"
    command(
        "rollback",
        "roll back applied migrations",
        help_text.ROLLBACK,
        partial(add_run_options, meaning),
        partial(_fleet_options, "roll back on"),
    )
    command(
        "rehearse",
        "apply migrations, roll them back and apply them again on a scratch database",
        help_text.REHEARSE,
        add_rehearse_options,
    )
    command(
        "drift", "compare the target's schema with its applied migrations", help_text.DRIFT, add_drift_options
    )
    command(
        "adopt",
        "record as applied what the target already has, with the evidence",
        ADOPT,
        add_adopt_options,
    )
    command(
        "settle",
        "show and decide what an interrupted migration has committed",
        help_text.SETTLE,
        add_settle_options,
    )
    command(
        "unblock",
        "show which sessions are in the way of a run, and end one of them",
        help_text.UNBLOCK,
        add_unblock_options,
    )
    command(
        "history",
        "list what was done on the target, when and by whom",
        help_text.HISTORY,
        add_history_options,
    )
    command("runs", "list the runs of this user on this machine", help_text.RUNS)
    command(
        "attach",
        "follow a run that is in progress, or show how it ended",
        help_text.ATTACH,
        add_attach_options,
    )
    summary = "run a program with the tunnel to a target behind a bastion"
    command("tunnel", summary, help_text.TUNNEL, add_tunnel_options)
    summary = "check the migration files for problems, without a database"
    command("check", summary, help_text.CHECK, add_check_options)
    command("init", "create koonj.toml and a folder for migrations", help_text.INIT)
    command("trust", "let koonj run what this folder contains", help_text.TRUST, add_trust_options)
    command("doctor", "check this machine and whether the targets can be reached", DOCTOR)
    return parser


def _fleet_options(verb: str, parser: Parser) -> None:
    from koonj.cli.fleet_options import add_fleet_options  # noqa: PLC0415 - not of every command

    add_fleet_options(verb, parser)


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
