"""Implement `koonj unblock`: show who is in the way of koonj, and end one blocking session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from koonj.cli.ask_target import ask_target
from koonj.cli.diagnostics import CommandError, ExitCode
from koonj.cli.invocation import Call, must_be_confirmed
from koonj.config import Target
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.blocking_sessions import BlockingSession, Ending, sql_command
from koonj.runner.apply.unblock import UnblockError, unblock
from koonj.runner.process.control_fifo import caller
from koonj.runner.run.codec import to_plain
from koonj.runner.run.lock_events import BlockerEnded
from koonj.runner.run.unblock_request import UnblockRequest, request_for
from koonj.runner.run.unblock_wording import (
    command_line,
    done_words,
    effect_words,
    ending_words,
    session_lines,
    silence_words,
    why_not,
)
from koonj.runner.target.obstruction import Obstruction, read_obstruction


def unblock_command(call: Call) -> ExitCode:
    """Run `koonj unblock` and return the exit code.

    Raises:
        CommandError: it cannot be done, or the target cannot be reached.
    """
    target, args = call.settings().target, call.args
    how = Ending.CANCEL if args.cancel else Ending.END if args.end else None
    tool = call.tool_of_folder()
    if how is not None:
        must_be_confirmed(target, args.confirm)
        if tool:
            raise CommandError(
                f"The folder belongs to {tool}: koonj has no history on the target to record there that it "
                "has ended a session. Nothing was done.",
                f"To do it without koonj: {sql_command(args.pid, how)};",
                ExitCode.DECISION,
            )
    found = ask_target(target, lambda connector: read_obstruction(connector, target))
    if how is None:
        return _show(call, target, found, recorded=not tool)
    session = _session(found, args.pid, how)
    request = request_for(session, how, args.reason.strip(), caller(), found.name)
    event = _unblock(target, request)
    return _report(call, target, event)


def _unblock(target: Target, request: UnblockRequest) -> BlockerEnded:
    try:
        return ask_target(target, lambda connector: unblock(connector, target, request, str(uuid4())))
    except UnblockError as error:
        raise CommandError(f"{target.name}: {error.message}", error.hint) from error


def _session(found: Obstruction, pid: int, how: Ending) -> BlockingSession:
    """Return the session that the user means.

    Raises:
        CommandError: it is not in the way, or it cannot be ended.
    """
    session = next((one for one in found.sessions if one.blocker.pid == pid), None)
    if session is None:
        raise CommandError(
            f"The session with pid {pid} is not in the way of koonj now. Nothing was done.",
            "To list those that are, run: koonj unblock",
        )
    if how in session.endings:
        return session
    reason = why_not(session)
    if reason is None:
        other = ", ".join(f"--{one.value}" for one in session.endings)
        reason = f"koonj can only do this with it now: {other}."
    raise CommandError(f"Nothing was done to the session with pid {pid}. {reason}")


def _show(call: Call, target: Target, found: Obstruction, *, recorded: bool) -> ExitCode:
    if call.out.as_json:
        call.out.document("unblock", _shape(target, found, None))
    else:
        call.out.lines(_lines(target, found, recorded=recorded))
    return ExitCode.OK


def _lines(target: Target, found: Obstruction, *, recorded: bool) -> Iterator[str]:
    if found.holder is None:
        yield f"No run is in progress on {target.name}: nobody holds the koonj lock."
        return
    yield f"The koonj lock is held by {holder_words(found.holder)}"
    if silence := silence_words(found.holder, found.state):
        yield f"    {silence}"
    own, *others = found.sessions
    for session in others:
        indent = "  " * (session.blocker.depth - 1)
        first, *more = session_lines(session)
        label = "blocked by" if session.blocker.depth == 1 else f"pid {session.blocker.behind} is blocked by"
        yield f"  {indent}{label} {first}"
        yield from (f"  {indent}{line}" for line in more)
        yield from _offers(session, target, f"    {indent}", recorded=recorded)
    if not others:
        yield "  No session is known to be in its way."
    if (reason := why_not(own)) is not None:
        yield f"  {reason}"
    yield from _offers(own, target, "  ", recorded=recorded)


def _offers(session: BlockingSession, target: Target, indent: str, *, recorded: bool) -> Iterator[str]:
    for how in session.endings:
        command = command_line(session.blocker.pid, how, target, recorded=recorded)
        yield f"{indent}To {ending_words(session, how)}: {command}"
        yield f"{indent}  {effect_words(session, how)}"


def _shape(target: Target, found: Obstruction | None, done: BlockerEnded | None) -> dict[str, Any]:
    """Return the JSON report."""
    holder = None if found is None else found.holder
    return {
        "target": target.name,
        "holder": None if holder is None else to_plain(holder),
        "stopped": None if found is None else found.state.stopped,
        "ended": None if found is None else found.state.ended,
        "waiting": None if found is None else {"name": found.name, "relation": found.awaited},
        "sessions": [] if found is None else [_session_shape(session) for session in found.sessions],
        "done": None if done is None else to_plain(done),
    }


def _session_shape(session: BlockingSession) -> dict[str, Any]:
    return {
        "blocker": to_plain(session.blocker),
        "offers": [how.value for how in session.endings],
        "why_not": why_not(session),
    }


def _report(call: Call, target: Target, event: BlockerEnded) -> ExitCode:
    if call.out.as_json:
        call.out.document("unblock", _shape(target, None, event))
    else:
        call.out.lines((f"recorded  {done_words(event)}",))
    return ExitCode.OK if event.took_effect else ExitCode.ERROR
