"""The options of `koonj status`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from koonj.cli.diagnostics import UsageError


def add_status_options(parser: ArgumentParser) -> None:
    """Add the options of `koonj status`."""
    parser.add_argument(
        "--all-targets",
        action="store_true",
        help="read all targets at the same time, and show their states side by side",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="with --all-targets: show every migration, also those that are applied on every target",
    )


def check_status(args: Namespace) -> None:
    """Check the options of `koonj status`.

    Raises:
        UsageError: the options cannot be combined.
    """
    if args.all and not args.all_targets:
        raise UsageError("--all requires --all-targets. Without it, koonj status shows every migration.")
    if args.all_targets and (args.target is not None or args.dsn is not None):
        other = "--target" if args.target is not None else "--dsn"
        raise UsageError(f"Use either --all-targets or {other}, not both.")
