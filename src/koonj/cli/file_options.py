"""Options of the commands that change migration files."""

from __future__ import annotations

from argparse import ArgumentParser


def renumber(parser: ArgumentParser) -> None:
    """Add the options of `koonj renumber`."""
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="a file name, or a number that only one file has"
    )
    parser.add_argument(
        "--to", metavar="N", type=int, help="the number of the first file (default: the next free one)"
    )
    parser.add_argument("--plan", "--dry-run", action="store_true", help="show the new names and exit")
    parser.add_argument(
        "--skip-target",
        metavar="NAME",
        action="append",
        default=[],
        help="go on although this target cannot be read; repeatable",
    )
