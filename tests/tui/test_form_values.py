"""What a form shows for its values is computed once for each change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.widgets import Input

from koonj.migrations.new import Draft
from koonj.patterns.catalog_snapshot import CatalogSnapshot, Index, Relation
from koonj.patterns.pattern import load
from koonj.tui.documents.drafts import PatternSource
from koonj.tui.documents.form_values import form_values
from koonj.tui.screens.pattern_palette import PatternPalette
from koonj.tui.widgets.form_field import FieldRow
from koonj.tui.widgets.pattern_list import PatternList
from support.screen import Project

PATTERNS = {pattern.key: pattern for pattern in load()[0]}
CATALOG = CatalogSnapshot(
    schemas=("public",),
    search_path=("public",),
    relations=(Relation("public", "documents", "table"),),
    indexes=(Index("public", "owner_idx", ("public", "documents"), "USING btree (owner)", True, (), True),),
)


@dataclass(frozen=True)
class Counted(PatternSource):
    """A pattern that records what it is asked for."""

    asked: list[str] = field(default_factory=list)

    def defaults(self, values: Mapping[str, str]) -> Mapping[str, str]:
        self.asked.append("defaults")
        return super().defaults(values)

    def render(self, values: Mapping[str, str]) -> tuple[Draft, ...]:
        self.asked.append("render")
        return super().render(values)


def test_defaults_and_drafts_are_computed_once() -> None:
    source = Counted(PATTERNS["create_index"])
    made = form_values(source, {"table": "documents", "columns": "owner"}, CATALOG)
    assert source.asked == ["defaults", "render"]
    assert made.drafting.is_complete


def test_what_follows_from_another_field_is_filled_in_but_not_over_what_is_typed() -> None:
    source = PatternSource(PATTERNS["drop_index"])
    typed = {name.name: "" for name in source.fields} | {"index": "owner_idx", "unique": "no"}
    made = form_values(source, typed, CATALOG)
    assert (made.values["table"], made.values["unique"]) == ("documents", "yes")
    assert made.values["definition"] == "USING btree (owner)"
    kept = form_values(source, typed | {"definition": "USING hash (owner)"}, CATALOG, {"definition"})
    assert kept.values["definition"] == "USING hash (owner)"
    assert kept.values["table"] == "documents"


def test_without_a_catalog_nothing_is_advised() -> None:
    made = form_values(PatternSource(PATTERNS["create_index"]), {"table": "documnts", "columns": "a"})
    assert (made.facts, made.advice) == (None, {})
    assert made.drafting.is_complete


async def test_a_key_in_a_field_computes_the_form_once(project: Project) -> None:
    async with project.open((120, 36)) as screen:
        await screen.press("n")
        await screen.until(lambda: isinstance(screen.app.screen, PatternPalette))
        palette = screen.app.screen
        assert isinstance(palette, PatternPalette)
        await screen.until(lambda: palette.form.names.is_read)
        source = Counted(PATTERNS["create_index"])
        palette.query_one(PatternList).sources = (source,)
        await screen.until(lambda: palette.form.source is source and bool(palette.form.result.drafts))
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.focused, Input))
        source.asked.clear()
        await screen.press("d")
        await screen.until(lambda: next(iter(palette.query(FieldRow))).value == "d" and bool(source.asked))
        await screen.pilot.pause()
        # The second `render` shows examples in the fields that are empty.
        assert source.asked == ["defaults", "render", "render"]
