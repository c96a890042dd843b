"""Implement `koonj trust`: trust the project's folder, forget it, list all, or accept another database."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from koonj import trusted_folders
from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.invocation import Call
from koonj.config import ConfigError, Trust, read_trust
from koonj.config.project import others_problem
from koonj.config.trust_wording import trust_lines
from koonj.user_folders import UserFolderError


def trust(call: Call) -> ExitCode:
    """Run `koonj trust` and return the exit code.

    Raises:
        CommandError: there is no project here, or the trust cannot be stored.
    """
    try:
        if call.args.target is not None:
            from koonj.cli.accepted_target import accept_target  # noqa: PLC0415 - imports psycopg

            return accept_target(call)
        if call.args.list:
            return _list(call)
        if call.args.remove:
            return _remove(call)
        return _trust(call)
    except UserFolderError as error:
        raise CommandError(error.message, error.hint) from error
    except ConfigError as error:
        raise UsageError(str(error)) from error


def _trust(call: Call) -> ExitCode:
    project, found = read_trust(call.cwd, migrations=call.args.migrations, environ=call.environ)
    problem = others_problem(project, call.environ)
    trusted_folders.trust(
        found.folders, found.commands_hash, accepts_others=problem is not None, environ=call.environ
    )
    if call.out.as_json:
        call.out.document("trust", _shape(found, trusted=True))
    else:
        call.out.lines((*_lines(found), *((f"Accepted: {problem}",) if problem else ())))
    return ExitCode.OK


def trust_created(call: Call, created: Sequence[Path]) -> bool:
    """Trust a project that koonj has just created. Return whether it is trusted.

    Migrations that existed before can be somebody else's: then it is not.
    """
    if not any(path.is_dir() for path in created):
        return False
    found = read_trust(call.cwd, migrations=None, environ=call.environ)[1]
    try:
        trusted_folders.trust(found.folders, found.commands_hash, environ=call.environ)
    except UserFolderError as error:
        call.err.info(f"{error.message} {error.hint}")
        return False
    return True


def _lines(found: Trust) -> Iterator[str]:
    for folder in found.folders:
        yield f"trusted {folder}"
    yield "koonj now runs, as your user:"
    yield from (f"  {line}" for line in trust_lines(found))


def _shape(found: Trust, *, trusted: bool) -> dict[str, object]:
    return {
        "folders": [str(folder) for folder in found.folders],
        "trusted": trusted,
        "passwords": [
            {"table": name, "source": password.source, "value": password.value, "where": password.where}
            for name, password in found.secrets
        ],
        "scratch_dsn": found.scratch_dsn,
    }


def _remove(call: Call) -> ExitCode:
    folders = _named(call)
    was = trusted_folders.forget(folders, call.environ)
    if call.out.as_json:
        call.out.document("trust", {"folders": [str(folder) for folder in folders], "trusted": False})
    else:
        word = "no longer trusted:" if was else "was not trusted:"
        call.out.lines(f"{word} {folder}" for folder in folders)
    return ExitCode.OK


def _named(call: Call) -> Sequence[Path]:
    """Return the folders to forget: that of the argument, which need not exist, or the project's."""
    if call.args.folder is not None:
        return ((call.cwd / call.args.folder).resolve(),)
    return read_trust(call.cwd, migrations=call.args.migrations, environ=call.environ)[1].folders


def _list(call: Call) -> ExitCode:
    known = trusted_folders.trusted(call.environ)
    if call.out.as_json:
        listed = [{"folder": os.fspath(folder), "at": record.at} for folder, record in known.items()]
        call.out.document("trust", {"list": listed})
    else:
        call.out.lines(f"{record.at[:10]}  {folder}" for folder, record in known.items())
    return ExitCode.OK
