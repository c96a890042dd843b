"""Implement `koonj new`: create the next migration file, blank or from a pattern."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from koonj.cli.diagnostics import CommandError, UsageError
from koonj.cli.invocation import Call
from koonj.migrations.new import Draft, SlugError, blank, create, slugify

if TYPE_CHECKING:
    from koonj.patterns.pattern import Pattern


def create_files(call: Call) -> tuple[Path, ...]:
    """Create the files that the arguments describe, and return their paths.

    Raises:
        CommandError: the arguments are invalid, or a file cannot be written.
    """
    folders = call.project_folders()
    try:
        if call.args.pattern is None:
            name = " ".join(call.args.words)
            if not name.strip():
                raise UsageError(
                    "`koonj new` requires a NAME: a few words that describe the migration.",
                    "For example: koonj new add status to documents",
                )
            drafts: tuple[Draft, ...] = (blank(slugify(name)),)
        else:
            drafts = _from_pattern(call, folders.patterns)
        return create(folders.migrations, drafts)
    except SlugError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        path = error.filename or folders.migrations
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


def _from_pattern(call: Call, patterns: Path) -> tuple[Draft, ...]:
    from koonj.patterns.pattern import FieldErrors, render  # noqa: PLC0415 - a blank file needs no patterns

    key, *rest = call.args.pattern
    pairs = [word for word in (*call.args.words, *rest) if "=" in word]
    name = " ".join(word for word in (*call.args.words, *rest) if "=" not in word)
    values = _values(pairs)
    pattern = find_pattern(call, patterns, key)
    try:
        drafts = render(pattern, values)
    except FieldErrors as error:
        details = "\n".join(f"{field}: {message}" for field, message in error.errors.items())
        raise UsageError(
            f"Some fields of pattern {pattern.key} are missing or invalid:\n{details}",
            f"To list its fields, run: koonj patterns {pattern.key}",
        ) from error
    return _named(drafts, name) if name.strip() else drafts


def _values(pairs: list[str]) -> dict[str, str]:
    """Return the values by field.

    Raises:
        UsageError: a field has two values, or still the text that says what to write.
    """
    from koonj.cli.offered_pattern import FILL_IN  # noqa: PLC0415 - a blank file needs no patterns

    values: dict[str, str] = {}
    for pair in pairs:
        field, value = pair.split("=", 1)
        if value.startswith(FILL_IN):
            what = value.removeprefix(FILL_IN).removesuffix(">")
            raise UsageError(f"{field} has no value yet.", f"Write in place of {value!r}: {what}.")
        if values.setdefault(field, value) != value:
            raise UsageError(
                f"{field} has two values: {values[field]!r} and {value!r}.", "Give only one of them."
            )
    return values


def _named(drafts: tuple[Draft, ...], name: str) -> tuple[Draft, ...]:
    """Return the drafts with NAME in their file names.

    NAME replaces the first name, and stands before the names of the others.
    """
    slug = slugify(name)
    first, *others = drafts
    return (replace(first, slug=slug), *(replace(d, slug=slugify(f"{slug} {d.slug}")) for d in others))


def find_pattern(call: Call, folder: Path, key: str) -> Pattern:
    """Return the pattern with this key; it can be written with `-` instead of `_`.

    Raises:
        UsageError: no pattern has this key, or the project's file of this pattern has errors.
    """
    from koonj.config.toml_file import did_you_mean  # noqa: PLC0415 - a blank file needs no patterns
    from koonj.patterns.pattern import load  # noqa: PLC0415

    patterns, problems = load(folder)
    keys = {key, key.replace("-", "_")}
    found = next((pattern for pattern in patterns if pattern.key in keys), None)
    broken = [p for p in problems if p.path.stem in keys and (found is None or p.path != found.path)]
    if broken:
        raise UsageError(f"The file of pattern {key!r} has errors:\n" + "\n".join(map(str, broken)))
    if found is None:
        raise UsageError(
            f"No pattern {key!r}. {did_you_mean(key, [pattern.key for pattern in patterns])}",
            "To list the patterns, run: koonj patterns",
        )
    return found
