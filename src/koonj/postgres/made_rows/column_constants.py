"""Find the constants in statements and CHECK constraints that are likely values of a column."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from koonj.postgres.made_rows.constants import as_values
from koonj.postgres.made_rows.tables import Column, Table, Types, base_type, domain_checks
from koonj.sql.literals import Literals, keys_before, literals


@dataclass(frozen=True, slots=True)
class ColumnConstants:
    """The constants of one migration as values of columns."""

    types: Types
    found: Literals
    """Constants of the migration and of the functions that it calls; what it writes is not made up."""
    restored: Literals
    """Constants of its rollback; what only the rollback writes was there before."""
    called: frozenset[str] = frozenset()
    """Words of the functions that the statements call."""
    _allowed: dict[tuple[int, int], list[str]] = field(init=False, default_factory=dict)

    def compared(self, table: Table, column: Column) -> list[str]:
        """Return the constants with which statements compare the column, as values of its type."""
        kind = base_type(self.types, column)
        if kind is None:
            return []
        name = column.name.lower()
        values = self._met(table, column, name)
        if kind.name in {"json", "jsonb"}:
            keys = keys_before(self.found, self.restored, name)
            objects = [f"{{{json.dumps(k)}: {json.dumps(v)}}}" for k in keys for v in (*values, "1")]
            values = [*(v for v in values if v.startswith(("{", "["))), *objects]
        return [text for value in values for text in as_values(value, kind, column)]

    def _met(self, table: Table, column: Column, name: str) -> list[str]:
        """Return constants that the column contains before the migration, as far as the statements show.

        These are values that the migration compares, and those that only the rollback writes.
        """
        compared = self.found.values(name)
        written = set(self.found.written.get(name, ())) - set(compared)
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
        new, upserted = self.found.inserted, self.found.upserted.get(table.name.lower(), [])
        if upserted and column.number in table.unique:  # one of the rows is there, the others are new
            first = next((value for value in values if value in upserted), upserted[0])
            values, new = [first, *values], new - {first}
        return [value for value in dict.fromkeys(values) if value not in new]

    def written(self, column: Column) -> list[str]:
        """Return values that the migration writes into the column and that other rows can contain, too.

        These are numbers, texts, a new default, and what it writes instead of NULL. Constraints exclude some
        of these values later, such as a new name for a state that a CHECK does not list.
        """
        name, kind = column.name.lower(), base_type(self.types, column)
        if kind is None:
            return []
        new = dict.fromkeys(self.found.defaults.get(name, ()))
        if kind.category in "NS" or name in self.restored.nulled:
            new |= dict.fromkeys(self.found.written.get(name, ()))
        values = (next(as_values(value, kind, column), None) for value in new)
        return [value for value in values if value is not None]

    def allowed(self, table: Table, column: Column) -> list[str]:
        """Return the constants in the CHECK constraints of the column or its domain."""
        key = table.oid, column.number
        if key not in self._allowed:
            texts = [c.text for c in table.constraints if c.kind == "c" and column.number in c.columns]
            domain = " ".join(domain_checks(self.types, column))
            kind = base_type(self.types, column)
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
