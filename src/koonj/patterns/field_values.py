"""Convert the input of a field to its forms in SQL, strings, comments and names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from koonj.patterns import sql_text
from koonj.patterns.model import LISTS, NO, Field, FieldKind
from koonj.patterns.names import RefusedError, quote, read_list, read_name, read_qualified_list
from koonj.sql.display import visible


@dataclass(frozen=True, slots=True)
class Value:
    """A value in all forms that a pattern can use."""

    code: str
    """The form in SQL."""
    bare: str
    """The form in SQL inside parentheses of the template."""
    text: str
    """The form in a comment and, with doubled quotes, inside a string."""
    word: str
    """The form as a part of a name or slug."""
    schema: "Value | None" = None
    name: "Value | None" = None
    holds: bool = True
    """Whether a section of this field is written."""
    items: "tuple[Value, ...]" = ()
    """The items of a list."""
    each: "Value | None" = None
    """In the section of a list: the item that is written."""

    def part(self, part: str | None) -> "Value":
        """Return ``schema`` or ``name`` of a qualified name, or ``each`` of a list.

        A schema can be `EMPTY`.
        """
        match part:
            case None:
                return self
            case "schema":
                return self.schema or EMPTY
            case "each":
                return self.each or self
            case _:
                return self.name or self


EMPTY = Value("", "", "", "", holds=False)


def read(field: Field, typed: str) -> Value:
    """Return the value of a field; `EMPTY` for an empty input.

    Raises:
        RefusedError: the input does not fit the field.
    """
    typed = typed.strip()
    if not typed:
        if field.required:
            raise RefusedError("Needs a value." + (f" For example: {field.example}" if field.example else ""))
        return EMPTY
    hidden = next((one for one, shown in zip(typed, visible(typed), strict=False) if one != shown), None)
    if hidden is not None:
        raise RefusedError(
            f"Control characters and line ends are not allowed. The value contains U+{ord(hidden):04X}."
        )
    if field.kind is FieldKind.CHOICE:
        return _choice(field, typed)
    return _READERS[field.kind](typed)


def _name(typed: str) -> Value:
    return _identifier(read_name(typed))


def _identifier(name: str) -> Value:
    return Value(quote(name), quote(name), quote(name), name)


def _qualified(typed: str) -> Value:
    items = _qualified_names(typed).items
    if len(items) > 1:
        raise RefusedError("Enter one name, not a list.")
    return items[0]


def _qualified_names(typed: str) -> Value:
    return _list(_qualified_identifier(schema, name) for schema, name in read_qualified_list(typed))


def _qualified_identifier(schema: str | None, name: str) -> Value:
    value = _identifier(name)
    if schema is None:
        return replace(value, name=value)
    code = f"{quote(schema)}.{quote(name)}"
    return Value(code, code, code, f"{schema}_{name}", schema=_identifier(schema), name=value)


def _names(typed: str) -> Value:
    return _list(map(_identifier, read_list(typed)))


def _keys(typed: str) -> Value:
    return _list(Value(key, key, key, sql_text.name_of_key(key)) for key in sql_text.keys(typed))


def _definitions(typed: str) -> Value:
    return _list(
        Value(code := f"{quote(name)} {rest}", code, code, name) for name, rest in sql_text.definitions(typed)
    )


def _expressions(typed: str) -> Value:
    return _list(_sql(one, one) for one in sql_text.expressions(typed))


def _clause(typed: str) -> Value:
    return _sql(sql_text.clause(typed), typed)


def _query(typed: str) -> Value:
    return _sql(sql_text.query(typed), typed)


def _labels(typed: str) -> Value:
    return _list(map(_text, sql_text.labels(typed)))


def _list(items: Iterable[Value]) -> Value:
    listed = tuple(items)
    code, bare, text = (
        ", ".join(forms)
        for forms in zip(*((item.code, item.bare, item.text) for item in listed), strict=True)
    )
    return Value(code, bare, text, "_".join(item.word for item in listed), items=listed)


def _type(typed: str) -> Value:
    return _sql(sql_text.data_type(typed), typed)


def _expression(typed: str) -> Value:
    return _sql(sql_text.expression(typed), typed)


def _sql(code: str, typed: str) -> Value:
    return Value(code, typed, typed, typed)


def _text(typed: str) -> Value:
    literal = "'" + typed.replace("'", "''") + "'"
    return Value(literal, literal, typed, typed)


def _choice(field: Field, typed: str) -> Value:
    if typed not in field.choices:
        raise RefusedError(f"Choose one of: {', '.join(field.choices)}.")
    return Value(typed, typed, typed, typed, holds=typed != NO)


_READERS: Mapping[FieldKind, Callable[[str], Value]] = {
    FieldKind.NAME: _name,
    FieldKind.QUALIFIED_NAME: _qualified,
    FieldKind.QUALIFIED_NAMES: _qualified_names,
    FieldKind.NAMES: _names,
    FieldKind.KEYS: _keys,
    FieldKind.DEFINITIONS: _definitions,
    FieldKind.TYPE: _type,
    FieldKind.EXPRESSION: _expression,
    FieldKind.EXPRESSIONS: _expressions,
    FieldKind.CLAUSE: _clause,
    FieldKind.QUERY: _query,
    FieldKind.LABELS: _labels,
    FieldKind.TEXT: _text,
}

_STAND_INS = {
    FieldKind.TYPE: "int",
    FieldKind.EXPRESSION: "0",
    FieldKind.EXPRESSIONS: "0",
    FieldKind.DEFINITIONS: "x int",
    FieldKind.CLAUSE: "x",
    FieldKind.QUERY: "SELECT 0",
}


def stand_in(field: Field, value: Value) -> Value:
    """Return a harmless value for a field; empty if `value` is empty."""
    if field.kind is FieldKind.CHOICE or not value.holds:
        return value
    harmless = stand_in_of(field.kind, schema=value.schema is not None)
    return replace(harmless, items=harmless.items * len(value.items)) if field.kind in LISTS else harmless


def stand_in_of(kind: FieldKind, *, schema: bool) -> Value:
    """Return a harmless value of any kind except a choice.

    `schema`: whether a qualified name has a schema.
    """
    if kind is FieldKind.QUALIFIED_NAME:
        return _qualified("x.x" if schema else "x")
    return _READERS[kind](_STAND_INS.get(kind, "x"))
