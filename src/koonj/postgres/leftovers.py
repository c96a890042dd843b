"""What statements that stopped in the middle have left in a database (queries/leftovers.sql)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leftover:
    """An object that is not complete, as a row of leftovers.sql.

    Names are schema-qualified and quoted for SQL.
    """

    kind: str
    """``index``, ``drop`` (of one), ``rebuild`` (by REINDEX CONCURRENTLY), ``detach`` or ``constraint``."""
    name: str
    table: str
    added_by: str = ""
    """File of the applied migration that added a constraint."""
    validated_by: str = ""
    """File of a pending migration that validates it."""

    @property
    def problem(self) -> str:
        """What is wrong with it, as a sentence."""
        match self.kind:
            case "index":
                cause = "its build, or its drop, stopped before its end"
                return f"Index {self.name} is INVALID: {cause}. No query uses it."
            case "drop":
                return f"The drop of index {self.name} stopped before its end. No query uses it."
            case "rebuild":
                return f"Index {self.name} of {self.table} is what an interrupted REINDEX CONCURRENTLY left."
            case "detach":
                return f"The detach of {self.name} from {self.table} is pending: it stopped before its end."
            case _:
                by = f" {self.added_by} added it." if self.added_by else ""
                then = f" The pending {self.validated_by} validates it." if self.validated_by else ""
                what = f"Constraint {self.name} of {self.table} is NOT VALID: earlier rows are not checked."
                return what + by + then

    @property
    def repair(self) -> str:
        """The SQL that removes or completes it; empty if a pending migration does that."""
        match self.kind:
            case "index":
                return f"REINDEX INDEX CONCURRENTLY {self.name}"
            case "rebuild" | "drop":
                return f"DROP INDEX CONCURRENTLY {self.name}"
            case "detach":
                return f"ALTER TABLE {self.table} DETACH PARTITION {self.name} FINALIZE"
            case _ if self.validated_by:
                return ""
            case _:
                return f"ALTER TABLE {self.table} VALIDATE CONSTRAINT {self.name}"
