"""Generate migrations from a pattern and the values of its fields."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from koonj.migrations.new import Draft, SlugError, slugify
from koonj.patterns import outline, template
from koonj.patterns.field_values import Value, read, stand_in
from koonj.patterns.model import Field, FieldErrors, FieldKind, Pattern, PatternFile
from koonj.patterns.names import RefusedError, cut
from koonj.patterns.placeholders import PlaceholderPlace, PlaceholderSpot, places
from koonj.patterns.template import Condition, Piece, Template
from koonj.sql.format import pretty
from koonj.sql.typed_names import as_typed

_LONGEST_SLUG = 100
"""In characters. A list of columns can be long, and file names must be readable."""

_parsed = lru_cache(maxsize=256)(template.parse)
_places = lru_cache(maxsize=256)(places)


def defaults(pattern: Pattern, values: Mapping[str, str]) -> dict[str, str]:
    """Return the default of each field, given the values of the others.

    It is empty if it cannot be computed (yet).
    """
    return _read_all(pattern, values)[1]


def render(pattern: Pattern, values: Mapping[str, str]) -> tuple[Draft, ...]:
    """Return the generated migrations, in order.

    An empty or missing value means the field's default.

    Raises:
        FieldErrors: a value does not fit its field, or the pattern has no such field.
    """
    known, _, errors = _read_all(pattern, values)
    names = ", ".join(field.name for field in pattern.fields)
    errors |= {name: f"No such field. Fields: {names}." for name in values if pattern.field(name) is None}
    if errors:
        raise FieldErrors(errors)
    drafts = tuple(_draft(pattern, part, known) for part in range(len(pattern.files)))
    return tuple(draft for draft in drafts if draft.text.strip())


def write(parsed: Template, known: Mapping[str, Value]) -> str:
    """Return a template's text with values.

    Raises:
        FieldErrors: a value would end the dollar quote around it.
    """
    return "".join(_texts(parsed.pieces, known, _places(parsed), 0))


def _texts(
    pieces: Iterable[Piece], known: Mapping[str, Value], spots: Mapping[int, PlaceholderSpot], depth: int
) -> Iterator[str]:
    """Yield the texts of pieces that are together in `depth` sections."""
    for start, group in groupby(
        pieces, key=lambda p: p.conditions[depth].start if p.conditions[depth:] else None
    ):
        inner = tuple(group)
        if start is None:
            for piece in inner:
                value = _value(piece, known)
                yield piece.text if value is None else _written(piece, value, spots[piece.start])
        elif _holds(condition := inner[0].conditions[depth], known):
            for scope in _scopes(condition, inner, known):
                yield from _texts(inner, scope, spots, depth + 1)


def _scopes(
    condition: Condition, pieces: tuple[Piece, ...], known: Mapping[str, Value]
) -> Iterator[Mapping[str, Value]]:
    """Yield the values for each time that a section is written.

    Once, or for each item of the list if ``{{x.each}}`` is in it.
    """
    value = known[condition.name]
    if value.each is None and any((p.name, p.part) == (condition.name, "each") for p in pieces):
        yield from ({**known, condition.name: replace(value, each=item)} for item in value.items)
    else:
        yield known


def _read_all(
    pattern: Pattern, values: Mapping[str, str]
) -> tuple[dict[str, Value], dict[str, str], dict[str, str]]:
    """Return values, defaults and errors.

    A field whose default depends on an invalid field has no error of its own.
    """
    known: dict[str, Value] = {}
    meant: dict[str, str] = {}
    errors: dict[str, str] = {}
    for field in pattern.fields:
        derived = _parsed(field.default)
        depends_on_invalid = any(name not in known for name, _, _ in derived.names)
        meant[field.name] = "" if depends_on_invalid else _default(field, derived, known)
        typed = values.get(field.name, "").strip()
        if depends_on_invalid and not typed:
            continue
        try:
            known[field.name] = read(field, typed or meant[field.name])
        except RefusedError as refused:
            errors[field.name] = str(refused) if typed else _of_default(str(refused), meant[field.name])
    return known, meant, errors


def _of_default(message: str, default: str) -> str:
    return f"The default {default} is not valid. {message}" if default else message


def _default(field: Field, derived: Template, known: Mapping[str, Value]) -> str:
    shown = [(piece, _value(piece, known)) for piece in derived.visible_pieces(lambda c: _holds(c, known))]
    if field.kind is FieldKind.NAME:
        name = cut([(piece.text, False) if value is None else (value.word, True) for piece, value in shown])
        return as_typed(name) if name else ""
    return "".join(piece.text if value is None else value.text for piece, value in shown)


def _draft(pattern: Pattern, part: int, known: Mapping[str, Value]) -> Draft:
    file = pattern.files[part]
    text = write(file.body, known)
    expected = outline.of(write(file.body, _stand_ins(pattern, known)))
    if outline.of(text) != expected:
        raise FieldErrors(_errors_of_changed_outline(pattern, file, known, expected))
    return Draft(_slug(pattern, file, known), pretty(text), part)


def _stand_ins(pattern: Pattern, known: Mapping[str, Value]) -> dict[str, Value]:
    """Return a harmless value for each field; empty if its value is empty."""
    return {field.name: stand_in(field, known[field.name]) for field in pattern.fields}


def _errors_of_changed_outline(
    pattern: Pattern, file: PatternFile, known: Mapping[str, Value], expected: outline.Outline
) -> dict[str, str]:
    """Return errors for the fields whose values change the statements.

    The checks of single values did not find them.
    """
    harmless = _stand_ins(pattern, known)
    changing = [
        name for name in known if outline.of(write(file.body, {**harmless, name: known[name]})) != expected
    ]
    message = "This value would change the statements around it, so koonj does not use it."
    return dict.fromkeys(changing or known, message)


def _slug(pattern: Pattern, file: PatternFile, known: Mapping[str, Value]) -> str:
    """Return the slug; the pattern's key if no word fits a file name (``документы``)."""
    shown = file.slug.visible_pieces(lambda c: _holds(c, known))
    words = "".join(piece.text if (value := _value(piece, known)) is None else value.word for piece in shown)
    try:
        return slugify(slugify(words[:_LONGEST_SLUG])[:_LONGEST_SLUG])
    except SlugError:
        return pattern.key


def _written(piece: Piece, value: Value, spot: PlaceholderSpot) -> str:
    forms = {
        PlaceholderPlace.CODE: value.code,
        PlaceholderPlace.BARE: value.bare,
        PlaceholderPlace.STRING: value.text.replace("'", "''"),
        PlaceholderPlace.COMMENT: value.text,
    }
    written = forms[spot.place]
    closing = next((tag for tag in spot.tags if tag in written), None)
    if closing is not None and piece.name is not None:
        raise FieldErrors(
            {piece.name: f"The value must not contain {closing}, which would end the text around it."}
        )
    return written


def _value(piece: Piece, known: Mapping[str, Value]) -> Value | None:
    return None if piece.name is None else known[piece.name].part(piece.part)


def _holds(condition: Condition, known: Mapping[str, Value]) -> bool:
    value = known[condition.name].part(condition.part)
    found = value.holds if condition.choice is None else value.text == condition.choice
    return found is not condition.negated
