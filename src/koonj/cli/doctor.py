"""Implement `koonj doctor`: what works on this machine, what is missing, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from koonj import config
from koonj.cli.diagnostics import CommandError, ExitCode
from koonj.cli.doctor_line import DoctorLevel, DoctorLine, error, note, ok
from koonj.cli.folder_lines import folder_lines, layout_line, migrations_line
from koonj.cli.invocation import Call
from koonj.cli.machine_lines import has_libpq, machine_lines, program_lines
from koonj.config import FILE_NAME, ConfigError, Settings
from koonj.config.screen import own_settings

_INDENT = 7


def doctor(call: Call) -> ExitCode:
    """Run `koonj doctor` and return the exit code."""
    lines = tuple(_lines(call))
    errors = sum(line.level is DoctorLevel.ERROR for line in lines)
    if call.out.as_json:
        call.out.document("doctor", {"lines": [asdict(line) for line in lines], "errors": errors})
    else:
        call.out.lines((*_text(lines), {0: "No errors.", 1: "1 error."}.get(errors, f"{errors} errors.")))
    return ExitCode.ERROR if errors else ExitCode.OK


def _text(lines: Sequence[DoctorLine]) -> Iterator[str]:
    width = max(len(line.name) for line in lines)
    for line in lines:
        yield f"{line.level:{_INDENT}}{line.name:{width}}  {line.text}"
        if line.advice:
            yield from (f"{'':{_INDENT + width}}  {part}" for part in line.advice.splitlines())


def _lines(call: Call) -> Iterator[DoctorLine]:
    yield from machine_lines(call.environ)
    usable = has_libpq()
    if usable:
        yield from program_lines(call.environ)
    yield from folder_lines(call.environ)
    yield _own_settings(call)
    project, settings = _project(call)
    yield project
    if settings is not None:
        yield from _migrations(call, settings)
        yield from _targets(call, settings, usable=usable)


def _own_settings(call: Call) -> DoctorLine:
    try:
        settings = own_settings(call.environ)
    except ConfigError:
        return error("config file", "cannot be used", "For the reason, start koonj's screen: koonj")
    return ok("config file", "none of your own" if settings is None else "can be used")


def _project(call: Call) -> tuple[DoctorLine, Settings | None]:
    args = call.args
    try:
        settings = config.load(
            call.cwd, migrations=args.migrations, target=args.target, dsn=args.dsn, environ=call.environ
        )
    except ConfigError:
        if any((folder / FILE_NAME).is_file() for folder in (call.cwd, *call.cwd.parents)):
            return error("project", f"{FILE_NAME} cannot be used", "For the reason, run: koonj status"), None
        return note("project", "none in this folder, or no target", "To create one, run: koonj init"), None
    count = len(settings.targets)
    text = f"{count} {'target' if count == 1 else 'targets'}"
    if settings.trust.given:
        return ok("project", f"{text}, trusted"), settings
    return note("project", f"{text}, not trusted", "Check its files; then run: koonj trust"), settings


def _migrations(call: Call, settings: Settings) -> tuple[DoctorLine, ...]:
    try:
        folder = call.read_folder(settings.migrations)
    except CommandError:
        return (error("migrations", "cannot be read", "For the reason, run: koonj check"),)
    is_own = folder.layout is None
    return migrations_line(settings.migrations, len(folder.migrations), is_own=is_own), layout_line(folder)


def _targets(call: Call, settings: Settings, *, usable: bool) -> tuple[DoctorLine, ...]:
    chosen = call.args.target is not None or call.args.dsn is not None
    targets = (settings.target,) if chosen else settings.targets
    if not usable:
        return tuple(note(f"target {target.name}", "not asked: libpq is missing") for target in targets)
    from koonj.cli.ask_target import run_for_answer  # noqa: PLC0415 - imports psycopg
    from koonj.cli.target_lines import target_lines  # noqa: PLC0415 - as above

    return run_for_answer(target_lines(targets))
