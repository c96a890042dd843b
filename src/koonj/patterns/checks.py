"""Check a parsed pattern: fields that do not fit their places, and broken SQL."""

from collections.abc import Iterator

from koonj.migrations.migration import Migration
from koonj.patterns.catalog_reference import CatalogThing
from koonj.patterns.field_values import EMPTY, Value, read, stand_in_of
from koonj.patterns.header import HeaderEntry, problem
from koonj.patterns.model import LISTS, NO, Field, FieldKind, Pattern, PatternFile
from koonj.patterns.names import RefusedError
from koonj.patterns.placeholders import PlaceholderPlace, places
from koonj.patterns.render import write
from koonj.patterns.template import Condition, Piece, Template, TemplateError, parse
from koonj.sql.display import spaced
from koonj.sql.problem import Problem, Severity

_WITH_PART = {
    "schema": {FieldKind.QUALIFIED_NAME},
    "name": {FieldKind.QUALIFIED_NAME},
    "each": LISTS,
}


def of_field(field: Field, entry: HeaderEntry, pattern: Pattern) -> Iterator[Problem]:
    """Yield the problems of one field; `entry` is its place in the file."""
    choices = entry.under.get("choices", entry)
    if field.kind is FieldKind.CHOICE and not field.choices:
        yield problem(
            "The choice has no choices.",
            "For example, write choices: yes | no.",
            choices.line,
            choices.column,
        )
    if field.kind is not FieldKind.CHOICE and field.choices:
        yield problem(
            f"A field of kind {spaced(field.kind)} cannot have choices.",
            "Write kind: choice.",
            choices.line,
            choices.column,
        )
    yield from _of_catalog(field, entry, pattern)
    default = entry.under.get("default")
    if not field.asked and field.required and not field.default:
        asked = entry.under["asked"]
        yield problem("A field that is not asked for needs a default.", "", asked.line, asked.column)
    if default is None or not field.default:
        return
    try:
        derived = parse(field.default)
    except TemplateError as error:
        yield problem(str(error), "", default.line, default.column + error.offset)
        return
    before = pattern.fields[: pattern.fields.index(field)]
    for message, offset in _misused(derived, before):
        hint = "A default can use only the fields before it."
        yield problem(message, hint, default.line, default.column + offset)
    if not derived.names:
        try:
            read(field, field.default)
        except RefusedError as refused:
            yield problem(f"The default is not valid: {refused}", "", default.line, default.column)


def _of_catalog(field: Field, entry: HeaderEntry, pattern: Pattern) -> Iterator[Problem]:
    if field.catalog is None:
        return
    given = entry.under["catalog"]
    owner = None if field.catalog.of is None else pattern.field(field.catalog.of)
    if field.catalog.of is not None and (owner is None or owner is field):
        yield problem(f"No other field has the name {field.catalog.of}.", "", given.line, given.column)
    if field.kind not in _NAMES and field.catalog.thing is not CatalogThing.DEFINITION:
        kinds = ", ".join(map(spaced, sorted(_NAMES)))
        yield problem("This kind of field names nothing.", f"Kinds: {kinds}.", given.line, given.column)


_NAMES = frozenset(
    {
        FieldKind.NAME,
        FieldKind.QUALIFIED_NAME,
        FieldKind.QUALIFIED_NAMES,
        FieldKind.NAMES,
        FieldKind.KEYS,
        FieldKind.TYPE,
    }
)
"""The kinds of fields that can name objects in the catalog."""


def of_file(file: PatternFile, pattern: Pattern) -> Iterator[Problem]:
    """Yield the problems of one migration of a pattern."""
    for message, offset in _misused(file.slug, pattern.fields):
        hint = "Define fields with -- field: lines at the top of the file."
        yield problem(message, hint, file.slug_line, file.slug_column + offset)
    wrong = list(_misused(file.body, pattern.fields)) or list(_misplaced(file.body, pattern))
    for message, offset in wrong:
        yield file.problem(message, offset)
    if not wrong and all(field.kind is not FieldKind.CHOICE or field.choices for field in pattern.fields):
        yield from _broken(file, pattern)


def _misused(template: Template, fields: tuple[Field, ...]) -> Iterator[tuple[str, int]]:
    """Yield messages and offsets for unknown fields and for missing parts of a field."""
    by_name = {field.name: field for field in fields}
    seen = set()
    for name, part, offset in template.names:
        field = by_name.get(name)
        if (name, part) in seen:
            continue
        seen.add((name, part))
        if field is None:
            yield f"{{{{{name}}}}}: no field has the name {name}.", offset
        elif part is not None and field.kind not in _WITH_PART[part]:
            yield (
                f"{name} has kind {spaced(field.kind)}. "
                f"Only kind {' or '.join(sorted(map(spaced, _WITH_PART[part])))} has the part {part}.",
                offset,
            )
    for slot in template.slots:
        if slot.part == "each" and not any(c.name == slot.name and not c.negated for c in slot.conditions):
            yield (
                f"{{{{{slot.name}.each}}}} must be in a section of its own: {{{{#{slot.name}}}}}.",
                slot.start,
            )
    for condition in template.conditions:
        field = by_name.get(condition.name)
        if field is not None and condition.choice is not None and condition.choice not in field.choices:
            yield f"{condition.choice} is not a choice of {condition.name}.", condition.start


def _misplaced(template: Template, pattern: Pattern) -> Iterator[tuple[str, int]]:
    try:
        spots = places(template)
    except TemplateError as error:
        yield str(error), error.offset
        return
    for slot in template.slots:
        code = spots[slot.start].place in {PlaceholderPlace.CODE, PlaceholderPlace.BARE}
        if code and _may_be_empty(slot, pattern) and not _guarded(slot):
            shown = slot.name if slot.part is None else f"{slot.name}.{slot.part}"
            yield (
                f"{shown} can be empty. Put the text around it in {{{{#{shown}}}}} … {{{{/{shown}}}}}.",
                slot.start,
            )


def _may_be_empty(slot: Piece, pattern: Pattern) -> bool:
    field = pattern.field(slot.name or "")
    return field is not None and (slot.part == "schema" or not (field.required or field.default))


def _guarded(slot: Piece) -> bool:
    return Condition(slot.name or "", slot.part, negated=False) in slot.conditions


def _broken(file: PatternFile, pattern: Pattern) -> Iterator[Problem]:
    """Yield the problems of the generated migration.

    It is generated with all fields filled in, with as few as possible, and with each choice.
    """
    seen = set()
    for values in _examples(pattern):
        text = write(file.body, values)
        for found in Migration.from_recorded("001_pattern.sql", text).problems if text.strip() else ():
            if found.severity is not Severity.NOTE and found.message not in seen:
                seen.add(found.message)
                example = text.splitlines()[found.line - 1].strip() if found.line else ""
                hint = f"{found.hint} Example of the generated line: {example}" if example else found.hint
                yield problem(
                    f"The generated migration has an error: {found.message}",
                    hint,
                    file.slug_line,
                    file.slug_column,
                )


def _examples(pattern: Pattern) -> Iterator[dict[str, Value]]:
    """Yield values of all fields: all, as few as possible, and for each choice both of these with it."""
    for full in (True, False):
        values = {field.name: _value(field, full=full) for field in pattern.fields}
        yield values
        for field in pattern.fields:
            for choice in field.choices:
                yield {**values, field.name: read(field, choice)}


def _value(field: Field, *, full: bool) -> Value:
    if field.kind is FieldKind.CHOICE:
        return read(field, next((c for c in field.choices if (c != NO) is full), field.choices[0]))
    return stand_in_of(field.kind, schema=full) if full or field.required or field.default else EMPTY
