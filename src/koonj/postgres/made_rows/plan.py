"""Plan the rows of each table: which values they have, so that they join and meet conditions."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from koonj.postgres.made_rows.constants import as_values
from koonj.postgres.made_rows.odd_values import Mentions, odd_values
from koonj.postgres.made_rows.partitions import bound_values
from koonj.postgres.made_rows.tables import Column, Table, Type, quoted
from koonj.postgres.made_rows.twins import half_twins, twins
from koonj.postgres.made_rows.values import NULL, Maker, Odd, Style, names_key
from koonj.sql.literals import Literals, keys_before, literals

_KEY_ROWS = 6
"""Maximum number of additional rows whose key is a constant of the statements."""
_COMMON = frozenset("SNDBE")
"""Type categories (pg_type.typcategory) of which the server accepts every made-up value."""
_FORMS = 9
"""Number of forms of texts and numbers; a multiple of it changes values but not their forms."""
_PARTITION_ROWS = 24
"""Maximum number of rows of a partitioned table, unless it has more constants."""
_ORPHAN = 977
"""Number of a value that no referenced table has."""

Values = Mapping[int, str]
"""An SQL expression for each column, by attnum."""


@dataclass(slots=True)
class Planner:
    """Plans the rows of all tables of one database."""

    tables: Sequence[Table]
    maker: Maker
    found: Literals
    """Constants of the migration and of the functions that it calls; what it writes is not made up."""
    restored: Literals
    """Constants of its rollback; what only the rollback writes was there before."""
    called: frozenset[str] = frozenset()
    """Words of the functions that the statements call."""
    mentions: Mentions = field(default_factory=Mentions)
    """What the statements and these functions name."""
    _by_oid: dict[int, Table] = field(init=False)
    _order: dict[int, int] = field(init=False)
    _chosen: set[tuple[int, int]] = field(init=False, default_factory=set)
    _together: dict[int, list[tuple[tuple[int, ...], list[tuple[str, ...]]]]] = field(
        init=False, default_factory=dict
    )
    _allowed: dict[tuple[int, int], list[str]] = field(init=False, default_factory=dict)
    _rows: dict[tuple[int, int], list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_oid = {table.oid: table for table in self.tables}
        self._order = {table.oid: at for at, table in enumerate(self.tables)}

    @property
    def style(self) -> Style:
        """The style of the values."""
        return self.maker.style

    def inserts(self, table: Table) -> list[str]:
        """Return an INSERT for each row of a table."""
        return [self._insert(table, [row]) for row in self.rows(table)]

    def insert_all(self, table: Table) -> str:
        """Return one INSERT for all rows of a table.

        The last one comes first: numbers that a script gives in the order of the rows differ from the keys.
        """
        return self._insert(table, list(self.rows(table))[::-1])

    def rows(self, table: Table) -> Iterator[Values]:
        """Yield the rows of a table."""
        columns = {column.number: self._column(table, column.number) for column in table.columns}
        many = max((len(values) for values in columns.values()), default=self.style.rows)
        for column in table.columns:
            values = columns[column.number]
            if column.number in table.unique and self._parent(table, column) is None:
                more = (self._value(table, column, i, key=True) for i in range(self.style.rows + 1, 2 * many))
                columns[column.number] = list(dict.fromkeys((*values, *more)))[:many]
        if table.bounds:
            many = max(many, min(len(table.bounds) + 2, _PARTITION_ROWS))
        others = any("DEFAULT" in one.bound or "modulus" in one.bound for one in table.bounds)
        rows: list[dict[int, str]] = []
        for at in range(many):
            row = {number: values[at % len(values)] for number, values in columns.items() if values}
            row |= self._accepted(table, row, at)
            if table.bounds and (at % 3 or not others):
                row |= next(self._partition_values(table, at + 1), {})
            rows.append(row)
        if Odd.TWINS in self.style.odd and self._is_named(table):
            made = list(half_twins(table, rows))
            if self._has_free_keys(table):
                new = self._unique_value(table, many)
                made += twins(table, rows, new, self.mentions.words, nulls=self.style.nulls)
            rows += [row | self._accepted(table, row, at) for at, row in enumerate(made)]
        yield from rows

    def _accepted(self, table: Table, row: Values, at: int) -> dict[int, str]:
        """Return what to change in a row so that CHECK constraints with several columns accept it."""
        changes: dict[int, str] = {}
        for numbers, good in self._together.get(table.oid, ()):
            own = tuple(row.get(number, NULL) for number in numbers)
            if own not in good:
                changes |= dict(zip(numbers, good[at % len(good)], strict=True))
        return changes

    def alternatives(self, table: Table) -> Iterator[list[str]]:
        """Yield for each row the row itself, in other partitions, and without values of rare types."""
        nullable = [c for c in table.columns if not c.not_null and c.number not in table.unique]
        rare = {c.number: NULL for c in nullable if (kind := self._type(c)) and kind.category not in _COMMON}
        for at, row in enumerate(self.rows(table), start=1):
            others = [*self._partition_values(table, at), *({number: NULL} for number in rare), rare]
            others.append({column.number: NULL for column in nullable})
            yield [self._insert(table, [{**row, **other}]) for other in ({}, *others)]

    # Values that satisfy CHECK constraints, see checks.py

    def domain_checks(self, column: Column) -> tuple[str, ...]:
        """Return the expressions of the CHECK constraints of the column's domain."""
        found, kind = [], self.maker.types.get(column.type)
        while kind is not None and kind.base is not None:
            found += kind.checks or []
            kind = self.maker.types.get(kind.base)
        return tuple(found)

    def refers(self, table: Table, column: Column) -> bool:
        """Return whether the column gets its values from another table."""
        return self._parent(table, column) is not None

    def usual(self, table: Table, column: Column) -> list[str]:
        """Return the values that the column would have without constraints, and those in their text."""
        return [*self._allowed_values(table, column), *(v for v in self.values(table, column) if v != NULL)]

    def values(self, table: Table, column: Column) -> list[str]:
        """Return the values of a column, by row."""
        return self._column(table, column.number)

    def has_choice(self, table: Table, column: Column) -> bool:
        """Return whether the values of the column were chosen."""
        return (table.oid, column.number) in self._chosen

    def choose(self, table: Table, column: Column, good: list[str]) -> None:
        """Use only the given values for a column: its own where they are among them."""
        key = table.oid, column.number
        if not good:
            if not column.not_null:
                self._rows[key] = [NULL] * self.style.rows
            return
        self._chosen.add(key)
        old = self._rows.pop(key, [])
        accepted = set(good)
        kept = [value for value in old if value == NULL or value in accepted]
        if column.number in table.unique or self._is_referenced(table, column.number):
            new = [value for value in good if value not in kept]
            self._rows[key] = [*kept, *new][: max(len(old), self.style.rows)]
            return
        others = itertools.cycle([value for value in good if value not in kept] or good)
        self._rows[key] = [value if value == NULL or value in accepted else next(others) for value in old]

    def choose_together(self, table: Table, columns: Sequence[Column], good: list[tuple[str, ...]]) -> None:
        """Use only the given combinations of values for some columns."""
        if good:
            self._together.setdefault(table.oid, []).append((tuple(c.number for c in columns), good))

    # Values of one column

    def _column(self, table: Table, number: int) -> list[str]:
        known = self._rows.get((table.oid, number))
        if known is None:
            self._rows[table.oid, number] = []  # a foreign key that refers to itself
            known = self._rows[table.oid, number] = self._made_column(table, number)
        return known

    def _made_column(self, table: Table, number: int) -> list[str]:
        column = next(one for one in table.columns if one.number == number)
        is_key = number in table.unique or self._is_referenced(table, number)
        nullable = self.style.nulls and not column.not_null and not is_key
        parent = self._parent(table, column)
        values = [] if parent is None else self._column(*parent)
        if values:
            return (
                values
                if number in table.unique
                else self._references(table, column, values, nullable=nullable)
            )
        constants = self._constants(table, column)
        made = [self._value(table, column, i, key=is_key) for i in self._numbers]
        odd = self._odd(table, column, key=is_key)
        if is_key or self.style.distinct:
            return list(dict.fromkeys((*made, *constants[:_KEY_ROWS], *odd)))
        if allowed := self._allowed_values(table, column):
            made = [allowed[(i - 1) % len(allowed)] for i in self._numbers]
        for at, constant in enumerate(self._spread(constants, column)):
            made[at] = constant
        if nullable:
            nulls = range(2, 8, 3) if len(constants) < 3 else (5,)
            made = [NULL if at in nulls else value for at, value in enumerate(made)]
        return [*made, *odd] if not allowed else made

    def _odd(self, table: Table, column: Column, *, key: bool) -> list[str]:
        kind = self._type(column)
        if kind is None or not self._is_named(table):
            return []
        return odd_values(kind, column, self.style, self.mentions, key=key)

    def _is_named(self, table: Table) -> bool:
        """Return whether the statements name the table, or compute names."""
        names = {table.name.lower(), *(part.name.lower() for part in table.bounds), "execute"}
        return not names.isdisjoint(self.mentions.words)

    def _has_free_keys(self, table: Table) -> bool:
        """Return whether every unique column can get further values."""
        unique = (column for column in table.columns if column.number in table.unique)
        return not any(self.refers(table, column) or self.has_choice(table, column) for column in unique)

    def _unique_value(self, table: Table, used: int) -> Callable[[Column, int], str | None]:
        """Return a function that gives further values for columns that must be unique."""

        def value(column: Column, i: int) -> str | None:
            if column.number not in table.unique:
                return None
            return self._value(table, column, 2 * used + self.style.rows + i, key=True)

        return value

    @property
    def _numbers(self) -> range:
        return range(1, self.style.rows + 1)

    def _references(self, table: Table, column: Column, values: list[str], *, nullable: bool) -> list[str]:
        """Return values of a column that refers to the key with `values`."""
        many, parent = len(values), self._parent(table, column)
        earlier = (one for one in table.columns if one.number < column.number)
        shift = sum(self._parent(table, one) == parent for one in earlier)  # so that one row refers to two
        rows = range(1, max(many, self.style.rows) + 1)
        found = [NULL if nullable and i % 4 == 0 else values[(i - 1 + shift) % many] for i in rows]
        if self.style.orphans and not self._has_key(table, column) and len(found) > 6:
            found[6] = self._value(table, column, _ORPHAN, key=True)
        return found

    def _spread(self, constants: list[str], column: Column) -> list[str]:
        """Return the constants for the first rows: the first ones aligned with those of other columns."""
        room = max(1, self.style.rows // 2)
        first = constants[:room]
        if not first:
            return []
        more = [first[(at + column.number) % len(first)] for at in range(len(first), room)]
        return first + more

    def _value(self, table: Table, column: Column, i: int, *, key: bool) -> str:
        if key or names_key(column.name):
            return self.maker.value(column.type, column.modifier, i, key=True)
        shift = _FORMS * ((7 * self._order[table.oid] + column.number) % 40)  # so that columns differ
        return self.maker.value(column.type, column.modifier, i + shift)

    def _type(self, column: Column) -> Type | None:
        found = self.maker.types.get(column.type)
        while found is not None and found.base is not None:
            found = self.maker.types.get(found.base)
        return found

    def _constants(self, table: Table, column: Column) -> list[str]:
        """Return the constants with which statements compare the column, as values of its type."""
        kind = self._type(column)
        if kind is None or not self.style.literals:
            return []
        name = column.name.lower()
        values = self._met_values(table, column, name)
        if kind.name in {"json", "jsonb"}:
            keys = keys_before(self.found, self.restored, name)
            objects = [f"{{{json.dumps(k)}: {json.dumps(v)}}}" for k in keys for v in (*values, "1")]
            values = [*(v for v in values if v.startswith(("{", "["))), *objects]
        return [text for value in values for text in as_values(value, kind, column)]

    def _met_values(self, table: Table, column: Column, name: str) -> list[str]:
        """Return constants that the column contains before the migration, as far as the statements show.

        These are values that the migration compares, and those that only the rollback writes.
        """
        compared = self.found.values(name)
        written = self.found.written.get(name, set()) - set(compared)
        loose = set(self.found.loose)
        met = (value for value in self.restored.values(name) if value not in loose)
        later = [*self.restored.written.get(name, ()), *met]
        default = ""
        if (compared or later) and column.default is not None and "(" not in column.default:
            default = column.default  # the most likely value of a row
        usual = literals([f"{column.name} {default}"], {name}).values(name)
        values = [*compared, *usual, *(value for value in later if value not in written)]
        if table.name.lower() in self.called:
            unique, known = column.number in table.unique, set(self.found.loose)
            values += [value for value in self.restored.loose if unique or value not in known]
            values += self.found.loose if unique else []
        return [value for value in dict.fromkeys(values) if value not in self.found.inserted]

    def _allowed_values(self, table: Table, column: Column) -> list[str]:
        """Return the constants in the CHECK constraints of the column or its domain."""
        key = table.oid, column.number
        if key not in self._allowed:
            texts = [c.text for c in table.constraints if c.kind == "c" and column.number in c.columns]
            domain = " ".join(self.domain_checks(column))
            kind = self._type(column)
            names = {column.name.lower()}
            values = literals(texts, names).values(column.name.lower()) if texts else []
            values += literals([domain], {"value"}).values("value") if domain else []
            lists = "= ANY" in " ".join((*texts, domain))
            good = (
                [text for value in values for text in as_values(value, kind, column)]
                if kind and lists
                else []
            )
            self._allowed[key] = good
        return self._allowed[key]

    # Keys

    def _parent(self, table: Table, column: Column) -> tuple[Table, int] | None:
        """Return table and attnum of the column to which a column refers."""
        for constraint in table.constraints:
            if constraint.kind == "f" and column.number in constraint.columns:
                parent = self._by_oid.get(constraint.references)
                if parent is not None:
                    number = constraint.referenced[constraint.columns.index(column.number)]
                    if (parent.oid, number) != (table.oid, column.number):
                        return parent, number
        if column.number in table.unique:
            return None
        return self._parent_by_name(table, column)

    def _parent_by_name(self, table: Table, column: Column) -> tuple[Table, int] | None:
        """Return the key to which a column refers by its name only: country_code, or user_id."""
        for other in self.tables:
            if other is table:
                continue
            for key in other.columns:
                if key.number in other.unique and key.type == column.type:
                    stem = other.name.rstrip("s")
                    alike = column.name == key.name and key.name not in {"id", "name"}
                    if alike or column.name in {
                        f"{other.name}_{key.name}",
                        f"{stem}_{key.name}",
                        stem,
                        f"{stem}_ref",
                    }:
                        return other, key.number
        return None

    def _has_key(self, table: Table, column: Column) -> bool:
        return any(c.kind == "f" and column.number in c.columns for c in table.constraints)

    def _is_referenced(self, table: Table, number: int) -> bool:
        return any(
            c.kind == "f" and c.references == table.oid and number in c.referenced
            for other in self.tables
            for c in other.constraints
        )

    # Statements

    def _insert(self, table: Table, rows: Sequence[Values]) -> str:
        numbers = [column.number for column in table.columns if column.number in rows[0]] if rows else []
        names = {column.number: quoted(column.name) for column in table.columns}
        if not numbers:
            return f"INSERT INTO {table.qualified} DEFAULT VALUES"
        values = ", ".join(f"({', '.join(row[number] for number in numbers)})" for row in rows)
        into = ", ".join(names[number] for number in numbers)
        return f"INSERT INTO {table.qualified} ({into}) OVERRIDING SYSTEM VALUE VALUES {values}"

    def _within(self, column: Column, value: str, *, below: bool) -> str:
        """Return a value of the partition key: a bound that belongs to the partition, or a value below it."""
        kind = self._type(column)
        if not below or kind is None:
            return f"{value}::{column.type_text}"
        if kind.category == "D":
            return f"({value}::{column.type_text} - '1 day'::pg_catalog.interval)::{column.type_text}"
        return f"({value}::{column.type_text} - 1)::{column.type_text}" if kind.category == "N" else "''"

    def _partition_values(self, table: Table, i: int) -> Iterator[dict[int, str]]:
        """Yield values of the partition key that are within the bounds of a partition."""
        combined: dict[int, str] = {}
        for at in range(len(table.bounds)):
            part = table.bounds[(at + i - 1) % len(table.bounds)]
            key, bound = part.key, part.bound
            values, below = bound_values(bound, (i - 1) // len(table.bounds))
            names = [n.strip().strip('"') for n in key[key.find("(") + 1 : key.rfind(")")].split(",")]
            found = {
                column.number: self._within(column, value, below=below)
                for column in table.columns
                for name, value in zip(names, values, strict=False)
                if column.name == name
            }
            yield found
            combined = {**combined, **found}
            yield dict(combined)
