"""The options of the commands that neither run nor rehearse migrations."""

from __future__ import annotations

from pathlib import Path

from koonj.cli.parser import NUMBER, Parser, add_yes, add_yes_to_no_question

CHECK_FORMATS = ("text", "json", "github", "sarif", "junit")
"""The forms of the report of `koonj check`."""


def add_trust_options(parser: Parser) -> None:
    """Add the options of `koonj trust`."""
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


def add_tunnel_options(parser: Parser) -> None:
    """Add the arguments of `koonj tunnel`. What follows ``--`` is the program, which is not parsed."""
    parser.usage = "koonj tunnel [-h] [TARGET] [-- PROGRAM …]"
    parser.add_argument("name", metavar="TARGET", nargs="?", help="name of a target in koonj.toml")


def add_show_options(parser: Parser) -> None:
    """Add the options of `koonj show`."""
    parser.add_argument("number", metavar="N", help=NUMBER)
    parser.add_argument("--rollback", action="store_true", help="show the rollback instead of the whole file")
    parser.add_argument("--statements", action="store_true", help="show one line per statement")
    parser.add_argument("--numbers", action="store_true", help="show line numbers")


def add_new_options(parser: Parser) -> None:
    """Add the options of `koonj new`."""
    parser.add_argument("words", metavar="NAME", nargs="*", help="a few words that describe the migration")
    parser.add_argument(
        "--pattern",
        nargs="+",
        metavar=("PATTERN", "field=value"),
        help="create the migration from a pattern, with these fields filled in",
    )


def add_patterns_options(parser: Parser) -> None:
    """Add the argument of `koonj patterns`."""
    parser.add_argument("pattern", metavar="PATTERN", nargs="?", help="show the fields of this pattern")


def add_attach_options(parser: Parser) -> None:
    """Add the options of `koonj attach`."""
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


def add_history_options(parser: Parser) -> None:
    """Add the arguments of `koonj history`."""
    parser.add_argument("number", metavar="N", nargs="?", help=NUMBER)
    parser.add_argument(
        "--by",
        metavar="PERSON",
        action="append",
        default=[],
        help="only entries of this person: a part of user@host or of the role",
    )
    parser.add_argument(
        "--day",
        metavar="DAY",
        help="only this day: 2026-08-01, 2026-08, today, yesterday, or 7d for the last seven",
    )
    parser.add_argument("--since", metavar="DAY", help="only from this day on")
    parser.add_argument("--until", metavar="DAY", help="only up to this day, which counts too")
    parser.add_argument(
        "--ended",
        choices=("done", "failed", "started"),
        help="only entries that ended so; started: without a recorded end",
    )
    parser.add_argument(
        "--limit", metavar="K", type=int, help="only the newest K; says how many more there are"
    )


def add_settle_options(parser: Parser) -> None:
    """Add the options of `koonj settle`."""
    parser.add_argument("number", metavar="N", help=NUMBER)
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
    add_yes_to_no_question(parser)
    parser.add_argument("--reason", metavar="TEXT", help="why; recorded in the history")
    parser.add_argument(
        "--confirm", metavar="NAME", help="name of the target; required if the target is protected"
    )


def add_unblock_options(parser: Parser) -> None:
    """Add the options of `koonj unblock`."""
    parser.add_argument("pid", metavar="PID", nargs="?", type=int, help="the session on the server")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--cancel", action="store_true", help="cancel its running statement")
    how.add_argument(
        "--end", action="store_true", help="end the session; what it has not committed is rolled back"
    )
    add_yes_to_no_question(parser)
    parser.add_argument("--reason", metavar="TEXT", help="why; required, and recorded in the history")
    parser.add_argument(
        "--confirm", metavar="NAME", help="name of the target; required if the target is protected"
    )


def _add_comparison_options(parser: Parser) -> None:
    """Add the options of commands that compare the target's schema with that of the migrations."""
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


def add_drift_options(parser: Parser) -> None:
    """Add the options of `koonj drift`."""
    _add_comparison_options(parser)


def add_adopt_options(parser: Parser) -> None:
    """Add the options of `koonj adopt`."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--baseline",
        action="store_true",
        help="write the target's schema as 001_baseline.sql, and adopt it",
    )
    which.add_argument(
        "--convert",
        action="store_true",
        help="in a folder of another tool: write its migrations as koonj's files, and adopt those that the "
        "tool has applied; requires --into",
    )
    parser.add_argument(
        "--into", metavar="FOLDER", type=Path, help="with --convert: a new folder for the files"
    )
    which.add_argument(
        "number",
        metavar="N",
        nargs="?",
        help=f"the last migration to adopt: {NUMBER} "
        "(default: the last after which the schema is the target's)",
    )
    parser.add_argument("--plan", "--dry-run", action="store_true", help="show the evidence and exit")
    add_yes(parser, "do not ask for confirmation (targets that are not protected)")
    parser.add_argument(
        "--confirm", metavar="NAME", help="confirm without a prompt; NAME must be the target's name"
    )
    parser.add_argument(
        "--reason",
        metavar="TEXT",
        help="why migrations are adopted although the schemas differ; recorded in the history",
    )
    _add_comparison_options(parser)


def add_check_options(parser: Parser) -> None:
    """Add the options of `koonj check`."""
    parser.add_argument(
        "--format",
        choices=CHECK_FORMATS,
        help="text (default), json (the same as --json), or a report for CI: github (annotations of GitHub "
        "Actions), sarif (SARIF 2.1.0), junit (JUnit XML)",
    )
