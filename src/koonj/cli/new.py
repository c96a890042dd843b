"""New files: blank, or from a pattern."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from koonj.cli.diagnostics import CommandError, UsageError
from koonj.cli.invocation import Call
from koonj.migrations.new import Draft, SlugError, blank, create, slugify

if TYPE_CHECKING:
    from koonj.patterns.pattern import Pattern


def new(call: Call) -> tuple[Path, ...]:
    """Make the files that the arguments ask for; their paths. Raises CommandError."""
    places = call.places()
    try:
        if call.args.pattern is None:
            name = " ".join(call.args.words)
            if not name.strip():
                raise UsageError("new needs a NAME: what it does, in a few words.", "koonj new add status")
            drafts: tuple[Draft, ...] = (blank(slugify(name)),)
        else:
            drafts = _from_pattern(call, places.patterns)
        return create(places.migrations, drafts)
    except SlugError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        what = error.filename or places.migrations
        raise CommandError(f"{what}: cannot be written: {error.strerror}") from error


def _from_pattern(call: Call, patterns: Path) -> tuple[Draft, ...]:
    from koonj.patterns.pattern import FieldErrors, render  # noqa: PLC0415 - a blank file needs no patterns

    key, *rest = call.args.pattern
    pairs = [word for word in (*call.args.words, *rest) if "=" in word]
    name = " ".join(word for word in (*call.args.words, *rest) if "=" not in word)
    values = dict(pair.split("=", 1) for pair in pairs)
    pattern = find_pattern(call, patterns, key)
    try:
        drafts = render(pattern, values)
    except FieldErrors as error:
        told = "\n".join(f"{field}: {message}" for field, message in error.errors.items())
        raise UsageError(
            f"The fields of {pattern.key} cannot be used:\n{told}",
            f"See them all: koonj patterns {pattern.key}",
        ) from error
    return _named(drafts, name) if name.strip() else drafts


def _named(drafts: tuple[Draft, ...], name: str) -> tuple[Draft, ...]:
    """NAME instead of the pattern's own for the first file; before it for what follows."""
    slug = slugify(name)
    first, *others = drafts
    return (replace(first, slug=slug), *(replace(d, slug=slugify(f"{slug} {d.slug}")) for d in others))


def find_pattern(call: Call, folder: Path, key: str) -> Pattern:
    """The pattern of that key. Raises UsageError."""
    from koonj.patterns.pattern import load  # noqa: PLC0415 - a blank file needs no patterns

    patterns, problems = load(folder)
    for pattern in patterns:
        if pattern.key == key.replace("-", "_") or pattern.key == key:
            return pattern
    call.err.lines(str(problem) for problem in problems)
    raise UsageError(
        f"There is no pattern {key!r}.", f"There are: {', '.join(pattern.key for pattern in patterns)}"
    )
