"""Implement `koonj trust --target NAME`: accept that a target is another database than before."""

from __future__ import annotations

from koonj.cli.ask_target import ask_target
from koonj.cli.diagnostics import CommandError, ExitCode
from koonj.cli.invocation import Call
from koonj.config import Target
from koonj.pinned_targets import Pin, pin, pin_of
from koonj.postgres.connector import Connector, ServerInfo
from koonj.postgres.overview import first_look
from koonj.postgres.target_identity import identity_words, is_pinned
from koonj.runner.run.codec import to_plain
from koonj.user_folders import UserFolderError


def accept_target(call: Call) -> ExitCode:
    """Pin the target to the database that it is now, and say what it was.

    Raises:
        CommandError: it is not pinned, cannot be reached, or the pin cannot be stored.
    """
    target = call.settings().target
    if not is_pinned(target):
        raise CommandError(f"{target.name} is koonj's own server: koonj does not remember which one it was.")
    server = ask_target(target, lambda connector: _server(connector, target))
    assert server.identity is not None
    try:
        before = pin_of(target.project, target.name, call.environ)
        pin(target.project, target.name, server.identity, server.host, call.environ)
    except UserFolderError as error:
        raise CommandError(error.message, error.hint) from error
    if call.out.as_json:
        call.out.document("trust", _shape(target, before, server))
    else:
        now = identity_words(server.identity, server.host)
        if before is not None and not before.identity.is_same(server.identity):
            call.out.lines((f"was {identity_words(before.identity, before.host)}, {before.at[:10]}",))
        call.out.lines((f"trusted {target.name}: {now}",))
    return ExitCode.OK


async def _server(connector: Connector, target: Target) -> ServerInfo:
    async with first_look(connector, target, name="koonj trust") as (_conn, found):
        return found.server


def _shape(target: Target, before: Pin | None, server: ServerInfo) -> dict[str, object]:
    return {
        "target": target.name,
        "before": None if before is None else to_plain(before),
        "now": {"identity": to_plain(server.identity), "host": server.host},
    }
