"""Implement `koonj init`: create koonj.toml and a folder for migrations."""

from __future__ import annotations

from koonj.cli.diagnostics import CommandError, ExitCode
from koonj.cli.invocation import Call
from koonj.cli.trust import trust_created
from koonj.config import ConfigError
from koonj.config.project import shortest_path
from koonj.migrations.init import init as create_project


def init(call: Call) -> ExitCode:
    """Run `koonj init` and return the exit code.

    Raises:
        CommandError: the project cannot be created.
    """
    try:
        made = create_project(call.cwd)
    except ConfigError as error:
        raise CommandError(str(error)) from error
    created, trusted = [shortest_path(path, call.cwd) for path in made], trust_created(call, made)
    if call.out.as_json:
        call.out.document("init", {"created": created, "trusted": trusted})
    else:
        call.out.lines(f"created {path}" for path in created)
        if not trusted:
            call.out.lines(("To let koonj run what this folder already contains, run: koonj trust",))
        call.out.lines(("To create a migration, run: koonj new NAME",))
    return ExitCode.OK
