"""What a form shows for the values that are typed in it: computed once for each change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from koonj.patterns.catalog_snapshot import CatalogSnapshot
from koonj.patterns.definitions import filled_in
from koonj.patterns.form_facts import FormFacts
from koonj.patterns.name_problems import name_problems
from koonj.tui.documents.drafts import DraftResult, DraftSource, make_drafts

_MOST_ROUNDS = 3
"""How often a value that was filled in can give another field its value."""


@dataclass(frozen=True, slots=True)
class FormValues:
    """The values of a form, and what follows from them."""

    values: Mapping[str, str]
    """By field: as typed, or filled in from the catalog."""
    drafting: DraftResult
    facts: FormFacts | None = None
    """What the catalog says about the values; None if it is not known."""
    advice: Mapping[str, str] = field(default_factory=dict)
    """By field: what does not fit the catalog."""


def form_values(
    source: DraftSource,
    typed: Mapping[str, str],
    catalog: CatalogSnapshot | None = None,
    kept: Collection[str] = (),
) -> FormValues:
    """Return what follows from the values.

    `kept`: the fields in which nothing is filled in, because the user has typed there.
    """
    values, meant = dict(typed), source.defaults(typed)
    if catalog is None:
        return FormValues(values, make_drafts(source, values, meant))
    facts = _facts(source, values, meant, catalog)
    for _ in range(_MOST_ROUNDS):
        found = filled_in(facts).items()
        fills = {name: text for name, text in found if name not in kept and text != values.get(name, text)}
        if not fills:
            break
        values |= fills
        meant = source.defaults(values)
        facts = _facts(source, values, meant, catalog)
    return FormValues(values, make_drafts(source, values, meant), facts, name_problems(facts))


def _facts(
    source: DraftSource, values: Mapping[str, str], meant: Mapping[str, str], catalog: CatalogSnapshot
) -> FormFacts:
    filled = {name: text if text.strip() else meant.get(name, "") for name, text in values.items()}
    return FormFacts(source.fields, filled, catalog)
