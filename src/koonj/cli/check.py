"""Run `koonj check`: find the problems of the folder, and report them in the chosen form."""

# ruff: noqa: PLC0415 - each form imports only its own writer
from __future__ import annotations

from collections.abc import Iterator

from koonj.checks.check import check_folder
from koonj.checks.levels import Levels
from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.file_text import check_code, check_lines
from koonj.cli.invocation import Call
from koonj.config import ConfigError
from koonj.config.second_opinion import wants_squawk
from koonj.migrations.folder import FileProblem, Folder
from koonj.migrations.squawk.install import VERSION
from koonj.migrations.squawk.install import find as find_squawk


def check(call: Call) -> ExitCode:
    """Find and report the problems of the migration files."""
    levels = call.check_levels()
    folder = call.read_folder(call.project_folders().migrations)
    problems, squawk = _second_opinion(call, folder, check_folder(folder, levels), levels)
    folder.save_parsed()
    if call.out.as_json:
        from koonj.cli.shapes import check_shape

        call.out.document("check", {**check_shape(folder, problems), "squawk": squawk})
    else:
        call.out.lines(_lines(call, folder, problems))
    return check_code(problems)


def _second_opinion(
    call: Call, folder: Folder, problems: tuple[FileProblem, ...], levels: Levels
) -> tuple[tuple[FileProblem, ...], str | None]:
    """Return the problems with those that squawk adds, and its version; None if it was not asked.

    Raises:
        UsageError: koonj.toml is invalid.
    """
    try:
        is_wanted = wants_squawk(call.cwd, migrations=call.args.migrations, environ=call.environ)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    program = find_squawk() if is_wanted else None
    if program is None:
        return problems, None
    from koonj.migrations.squawk.opinion import with_squawk

    opinion = with_squawk(program, folder, problems, levels.off, levels.after)
    if opinion.failure:
        call.err.info(f"squawk was not asked: {opinion.failure}")
    return opinion.problems, None if opinion.failure else VERSION


def _lines(call: Call, folder: Folder, problems: tuple[FileProblem, ...]) -> Iterator[str]:
    """Return the lines of the report. They are made one by one while they are written."""
    form = call.args.format
    if form == "text":
        return check_lines(folder, problems)
    from koonj.cli.report_paths import ReportPaths

    paths = ReportPaths.of(folder.path, call.cwd, call.environ)
    if form == "github":
        from koonj.cli.github_annotations import annotation_lines

        return annotation_lines(problems, paths)
    if form == "sarif":
        from koonj.cli.sarif import sarif_lines

        return sarif_lines(problems, paths)
    from koonj.cli.junit import junit_lines

    return junit_lines(folder, problems, paths)
