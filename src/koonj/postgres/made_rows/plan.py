"""Plan the rows of each table: which values they have, so that they join and meet conditions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from koonj.postgres.made_rows.column_constants import ColumnConstants
from koonj.postgres.made_rows.odd_values import Mentions, odd_values
from koonj.postgres.made_rows.partitions import partition_values
from koonj.postgres.made_rows.references import References, has_foreign_key
from koonj.postgres.made_rows.tables import Column, Table, base_type, quoted
from koonj.postgres.made_rows.twins import half_twins, twins
from koonj.postgres.made_rows.values import NULL, Maker, Odd, Style, names_key

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
_TWIN = 978
"""Number of the key of a row that is equal to the first one in everything else."""
_APART = 5000
"""Added to the numbers of the keys of a table that has none of another table."""
_UNREFERENCED = 7
"""Index of the value of a key that no other table refers to."""

Values = Mapping[int, str]
"""An SQL expression for each column, by attnum."""


@dataclass(slots=True)
class Planner:
    """Plans the rows of all tables of one database."""

    tables: Sequence[Table]
    maker: Maker
    constants: ColumnConstants
    mentions: Mentions = field(default_factory=Mentions)
    """What the statements name, and the functions that they call."""
    _references: References = field(init=False)
    _order: dict[int, int] = field(init=False)
    _chosen: set[tuple[int, int]] = field(init=False, default_factory=set)
    _together: dict[int, list[tuple[tuple[int, ...], list[tuple[str, ...]]]]] = field(
        init=False, default_factory=dict
    )
    _rows: dict[tuple[int, int], list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._references = References(self.tables)
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
            if column.number in table.unique and self._references.parent(table, column) is None:
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
                row |= next(partition_values(table, self.maker.types, at + 1), {})
            rows.append(row)
        if Odd.TWINS in self.style.odd and self._is_named(table):
            made = list(half_twins(table, rows))
            made += self._twin_references(table, rows)
            if self._has_free_keys(table):
                new = self._unique_value(table, many)
                made += twins(table, rows, new, self.mentions.words, nulls=self.style.nulls)
            if rows and (keys := self._twin_keys(table)):
                made.append(rows[0] | keys)
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
        kinds = {c.number: base_type(self.maker.types, c) for c in nullable}
        rare = {number: NULL for number, kind in kinds.items() if kind and kind.category not in _COMMON}
        for at, row in enumerate(self.rows(table), start=1):
            others = [*partition_values(table, self.maker.types, at), *({number: NULL} for number in rare)]
            others += [rare, {column.number: NULL for column in nullable}]
            yield [self._insert(table, [{**row, **other}]) for other in ({}, *others)]

    # Values that satisfy CHECK constraints, see checks.py

    def refers(self, table: Table, column: Column) -> bool:
        """Return whether the column gets its values from another table."""
        return self._references.parent(table, column) is not None

    def usual(self, table: Table, column: Column) -> list[str]:
        """Return the values that the column would have without constraints, and those in their text."""
        return [*self.constants.allowed(table, column), *(v for v in self.values(table, column) if v != NULL)]

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
        if column.number in table.unique or self._references.is_referenced(table, column.number):
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
        is_key = number in table.unique or self._references.is_referenced(table, number)
        nullable = self.style.nulls and not column.not_null and not is_key
        parent = self._references.parent(table, column)
        values = [] if parent is None else self._column(*parent)
        if values:
            if number in table.unique:
                return values
            return self._referring(table, column, values, nullable=nullable)
        constants = self.constants.compared(table, column) if self.style.literals else []
        made = [self._value(table, column, i, key=is_key) for i in self._numbers]
        odd = self._odd(table, column, key=is_key)
        if is_key or self.style.distinct:
            return list(dict.fromkeys((*made, *constants[:_KEY_ROWS], *odd)))
        if allowed := self.constants.allowed(table, column):
            made = [allowed[(i - 1) % len(allowed)] for i in self._numbers]
        for at, constant in enumerate(self._spread(constants, column)):
            made[at] = constant
        if nullable:
            nulls = range(2, 8, 3) if len(constants) < 3 else (5,)
            made = [NULL if at in nulls else value for at, value in enumerate(made)]
        return [*made, *odd] if not allowed else made

    def _odd(self, table: Table, column: Column, *, key: bool) -> list[str]:
        kind = base_type(self.maker.types, column)
        if kind is None or not self._is_named(table):
            return []
        odd = odd_values(kind, column, self.style, self.mentions, key=key)
        written = not key and Odd.OTHERS in self.style.odd and self.style.literals
        return [*odd, *self.constants.written(column)] if written else odd

    def _is_named(self, table: Table) -> bool:
        """Return whether the statements name the table, or compute names."""
        names = {table.name.lower(), *(part.name.lower() for part in table.bounds), "execute"}
        return not names.isdisjoint(self.mentions.words)

    def _is_apart(self, table: Table) -> bool:
        return (table.schema, table.name) in self.style.apart

    def _has_free_keys(self, table: Table) -> bool:
        """Return whether every unique column can get further values."""
        unique = (column for column in table.columns if column.number in table.unique)
        return not any(self.refers(table, column) or self.has_choice(table, column) for column in unique)

    def _twin_keys(self, table: Table) -> dict[int, str]:
        """Return the key of an additional row, as `Odd.TWINS` has it; without columns if there is none."""
        named = Odd.TWINS in self.style.odd and self._is_named(table)
        if not named or table.bounds or not self._has_free_keys(table):
            return {}
        unique = [column for column in table.columns if column.number in table.unique]
        keys = {column.number: self._value(table, column, _TWIN, key=True) for column in unique}
        return {} if any(keys[number] in self._column(table, number) for number in keys) else keys

    def _twin_references(self, table: Table, rows: Sequence[Values]) -> Iterator[dict[int, str]]:
        """Yield rows whose key consists of references: equal to the first row, but one refers to a twin."""
        keys = [constraint.columns for constraint in table.constraints if constraint.kind in "pu"]
        if len(keys) != 1 or len(keys[0]) < 2:
            return
        for column in table.columns:
            parent = self._references.parent(table, column) if column.number in keys[0] else None
            twin = self._twin_keys(parent[0]).get(parent[1]) if parent is not None else None
            if rows and twin is not None:
                yield {**rows[0], column.number: twin}

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

    def _referring(self, table: Table, column: Column, values: list[str], *, nullable: bool) -> list[str]:
        """Return values of a column that refers to the key with `values`."""
        parent = self._references.parent(table, column)
        twin = self._twin_keys(parent[0]).get(parent[1]) if parent is not None else None
        values = [value for at, value in enumerate(values) if at != _UNREFERENCED]
        many = len(values)
        earlier = (one for one in table.columns if one.number < column.number)
        # Shifted, so that one row refers to two.
        shift = sum(self._references.parent(table, one) == parent for one in earlier)
        rows = range(1, max(many, self.style.rows) + 1)
        found = [NULL if nullable and i % 4 == 0 else values[(i - 1 + shift) % many] for i in rows]
        if self.style.orphans and not has_foreign_key(table, column) and len(found) > 6:
            found[6] = self._value(table, column, _ORPHAN, key=True)
        return found if twin is None else [*found, twin]

    def _spread(self, constants: list[str], column: Column) -> list[str]:
        """Return the constants for the first rows: the first ones aligned with those of other columns."""
        room = max(1, self.style.rows // 2)
        first = constants[:room]
        if not first:
            return []
        more = [first[(at + column.number) % len(first)] for at in range(len(first), room)]
        return first + more

    def _value(self, table: Table, column: Column, i: int, *, key: bool) -> str:
        if column.number in table.unique and self._is_apart(table):
            i += _APART * (1 + self._order[table.oid])
        if key or names_key(column.name):
            return self.maker.value(column.type, column.modifier, i, key=True)
        shift = _FORMS * ((7 * self._order[table.oid] + column.number) % 40)  # so that columns differ
        return self.maker.value(column.type, column.modifier, i + shift)

    # Statements

    def _insert(self, table: Table, rows: Sequence[Values]) -> str:
        numbers = [column.number for column in table.columns if column.number in rows[0]] if rows else []
        names = {column.number: quoted(column.name) for column in table.columns}
        if not numbers:
            return f"INSERT INTO {table.qualified} DEFAULT VALUES"
        values = ", ".join(f"({', '.join(row[number] for number in numbers)})" for row in rows)
        into = ", ".join(names[number] for number in numbers)
        return f"INSERT INTO {table.qualified} ({into}) OVERRIDING SYSTEM VALUE VALUES {values}"
