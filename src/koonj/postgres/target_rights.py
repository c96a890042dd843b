"""What the role of a target may not do there, of what a plan asks; target_conditions.sql reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RightsAsked:
    """What a role needs. Relations are schema-qualified and quoted for SQL."""

    altered: frozenset[str] = frozenset()
    """Relations that only their owner may change."""
    dropped: frozenset[str] = frozenset()
    """Relations that the owner of their schema may drop, too."""
    created: frozenset[str] = frozenset()
    referenced: frozenset[str] = frozenset()
    """Tables to which a new foreign key refers."""
    extensions: Mapping[str, str | None] = field(default_factory=dict)
    """Extensions to create, and the version if it is not the default one."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Owner of a relation, whose rights the role does not have."""

    name: str
    quoted: str
    """Its name, quoted for SQL where needed."""
    superuser: bool
    may_become: bool
    """Whether the login may SET ROLE to it: it is a member that does not inherit, or another role is set."""


@dataclass(frozen=True, slots=True)
class RefusedExtension:
    """An extension that the role may not create."""

    trusted: bool
    """Who may create in the database may create it; else only a superuser may."""
    group: str | None
    """Role whose members may create it on a managed service, such as ``rds_superuser``; None elsewhere."""


@dataclass(frozen=True, slots=True)
class TargetRights:
    """What the role lacks, as far as the catalog tells. Relations that do not exist are left out."""

    role: str
    """Role that runs the migrations, if they do not change it themselves; quoted for SQL where needed."""
    login: str = ""
    """Role of the session before SET ROLE, quoted for SQL where needed."""
    inherits: bool = True
    """Whether the role has the rights of the roles that are granted to it."""
    database: str = ""
    """Quoted for SQL where needed."""
    create_in_database: bool = True
    create_roles: bool = True
    owners: Mapping[str, Owner] = field(default_factory=dict)
    """Owner of each relation that the role may not alter or drop."""
    closed: Mapping[str, str] = field(default_factory=dict)
    """Schema of each relation that the role may not create, quoted for SQL where needed."""
    unreferenced: frozenset[str] = frozenset()
    """Tables to which the role may not refer."""
    extensions: Mapping[str, RefusedExtension] = field(default_factory=dict)
    """Extensions that the role may not create."""

    @classmethod
    def read(cls, found: dict[str, Any]) -> TargetRights:
        """Return the rights from the JSON object of target_conditions.sql."""
        return cls(
            role=found["role"],
            login=found["login"],
            inherits=found["inherits"],
            database=found["database"],
            create_in_database=found["create_in_database"],
            create_roles=found["create_roles"],
            owners={name: Owner(*rest) for name, *rest in found["owners"] or ()},
            closed=dict(found["closed"] or ()),
            unreferenced=frozenset(found["unreferenced"] or ()),
            extensions={name: RefusedExtension(*rest) for name, *rest in found["extensions"] or ()},
        )
