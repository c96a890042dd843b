"""Check combinations of options that argparse cannot check.

koonj.cli.arguments lists the checks of each command.
"""

from __future__ import annotations

from argparse import Namespace

from koonj.cli.diagnostics import UsageError


def check_run(args: Namespace) -> None:
    """Complete and check the options of `koonj apply` and `koonj rollback`.

    Raises:
        UsageError: the options cannot be combined.
    """
    args.confirmed = tuple(args.confirm or ())  # several only for several targets
    args.confirm = args.confirmed[-1] if args.confirmed else None
    if args.probe and args.plan:
        raise UsageError("Use either --plan (changes nothing) or --probe (runs on the target), not both.")
    if getattr(args, "batch", False) and args.probe:
        raise UsageError(
            "Use either --batch or --probe, not both. A probe runs all migrations in one transaction, too."
        )
    if args.allow and not (args.reason or "").strip():
        raise UsageError("--allow requires --reason TEXT. Both are recorded in the history.")
    if args.override is not None and not args.override.strip():
        raise UsageError("--override requires a reason. It is recorded in the history.")
    if args.reason and not args.allow:
        raise UsageError("--reason requires --allow.")
    if args.detach and (args.plan or args.probe):
        raise UsageError("--detach cannot be used with --plan or --probe: they change nothing.")
    if args.detach and not (args.yes or args.confirm is not None):
        raise UsageError(
            "--detach requires --yes, or --confirm NAME. Without a plan to read, koonj cannot ask."
        )


def check_tunnel(args: Namespace) -> None:
    """Check the arguments of `koonj tunnel`, and let its argument be the target.

    Raises:
        UsageError: the arguments cannot be combined.
    """
    if args.json:
        raise UsageError("--json cannot be used with `koonj tunnel`: the output is that of the program.")
    if args.name is None:
        return
    if args.target not in {None, args.name}:
        raise UsageError(f"Use either {args.name} or --target {args.target}, not both.")
    args.target = args.name


def check_unblock(args: Namespace) -> None:
    """Check the options of `koonj unblock`.

    Raises:
        UsageError: the options cannot be combined.
    """
    wanted = "--cancel" if args.cancel else "--end" if args.end else ""
    if wanted and args.pid is None:
        raise UsageError(
            f"{wanted} requires the PID of a session.", "To list the sessions in the way, run: koonj unblock"
        )
    if args.pid is not None and not wanted:
        raise UsageError("PID requires --cancel or --end.")
    if wanted and not (args.reason or "").strip():
        raise UsageError(f"{wanted} requires --reason TEXT. It is recorded in the history.")
    if args.reason and not wanted:
        raise UsageError("--reason requires --cancel or --end.")


def check_format(args: Namespace) -> None:
    """Complete and check the options of `koonj check`: --json and --format mean the same thing.

    Raises:
        UsageError: they differ.
    """
    if args.json and args.format not in {None, "json"}:
        raise UsageError(f"Use either --json or --format {args.format}, not both.")
    args.json = args.json or args.format == "json"
    args.format = "json" if args.json else args.format or "text"


def check_targets(args: Namespace) -> None:
    """Check the options of `koonj apply` and `koonj rollback` for several targets.

    Raises:
        UsageError: the options cannot be combined.
    """
    from koonj.cli.fleet_options import check_fleet  # noqa: PLC0415 - not of every command

    check_fleet(args)


def check_trust(args: Namespace) -> None:
    """Check the options of `koonj trust`.

    Raises:
        UsageError: the options cannot be combined.
    """
    if args.target is not None and (args.remove or args.list):
        raise UsageError("--target accepts another database. Use it without --remove and --list.")
    if args.folder is not None and not args.remove:
        raise UsageError("FOLDER is only for --remove. To trust a folder, go to it and run: koonj trust")


def check_rehearse(args: Namespace) -> None:
    """Check the options of `koonj rehearse`.

    Raises:
        UsageError: the options cannot be combined.
    """
    if args.all and args.numbers:
        raise UsageError("Use either --all or N, not both.")
    if args.again and args.cached:
        raise UsageError("Use either --again or --cached, not both.")
