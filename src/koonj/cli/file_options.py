"""Options of the commands that change migration files."""

from __future__ import annotations

from argparse import ArgumentParser

from koonj.cli.parser import add_yes, add_yes_to_no_question


def add_renumber_options(parser: ArgumentParser) -> None:
    """Add the options of `koonj renumber`."""
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="a file name, or a number that only one file has"
    )
    parser.add_argument(
        "--to", metavar="N", type=int, help="the number of the first file (default: the next free one)"
    )
    _add_rename_options(parser)


def add_rename_options(parser: ArgumentParser) -> None:
    """Add the options of `koonj rename`."""
    parser.add_argument("file", metavar="FILE", help="a file name, or a number that only one file has")
    parser.add_argument("title", metavar="TITLE", nargs="+", help="the new title, in words")
    _add_rename_options(parser)


def _add_rename_options(parser: ArgumentParser) -> None:
    parser.add_argument("--plan", "--dry-run", action="store_true", help="show the new name and exit")
    add_yes_to_no_question(parser)
    _add_skip_option(parser)


def _add_skip_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--skip-target",
        metavar="NAME",
        action="append",
        default=[],
        help="go on although this target cannot be read; repeatable",
    )


def add_set_options(parser: ArgumentParser) -> None:
    """Add the options of `koonj set`."""
    parser.add_argument("file", metavar="FILE", help="a file name, or a number that only one file has")
    parser.add_argument(
        "settings",
        metavar="NAME=VALUE",
        nargs="+",
        help="a setting, for example lock_wait=20min or retries=5",
    )
    parser.add_argument("--plan", "--dry-run", action="store_true", help="show the difference and exit")
    add_yes(parser)
    _add_skip_option(parser)


def add_restore_options(parser: ArgumentParser) -> None:
    """Add the options of `koonj restore`."""
    parser.add_argument("file", metavar="FILE", help="a file name or a number; the file can be missing")
    parser.add_argument("--plan", "--dry-run", action="store_true", help="show the difference and exit")
    add_yes(parser)


def add_from_edit_options(parser: ArgumentParser) -> None:
    """Add the options of `koonj new --from-edit`."""
    parser.add_argument(
        "--from-edit",
        metavar="FILE",
        help="create the migration from what was added to this applied file, and restore the file",
    )
    add_yes(parser, "with --from-edit: restore the file without asking")
