"""The pattern palette: fields, SQL preview, and the files it writes with the next free number."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from koonj.migrations.new import create
from koonj.patterns.pattern import GROUPS, Pattern, load
from koonj.tui.documents.draft_listing import DraftListing
from koonj.tui.documents.drafts import PatternSource, file_names
from koonj.tui.documents.form_values import form_values
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.pattern_palette import PatternPalette
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets.form_box import FormBox
from koonj.tui.widgets.form_field import FieldRow
from koonj.tui.widgets.pattern_list import PatternList
from koonj.tui.widgets.search_input import SearchRow
from koonj.tui.widgets.sql_pane import SqlPreview
from koonj.tui.widgets.submit_line import WriteLine
from koonj.tui.widgets.text_line import TextBlock
from support.looks import look_of
from support.screen import Project, Screen

PATTERNS, _ = load()


async def open_palette(screen: Screen, title: str) -> PatternPalette:
    """Open the palette and move the cursor to the pattern with that title."""
    await screen.press("n")
    await screen.until(
        lambda: isinstance(screen.app.screen, PatternPalette) and bool(patterns(screen).sources)
    )
    titles = [source.title for source in patterns(screen).found]
    patterns(screen).cursor = titles.index(title)
    palette = screen.app.screen
    assert isinstance(palette, PatternPalette)
    await screen.until(lambda: bool(palette.rows) and f"─ {title}" in screen.text())
    return palette


def patterns(screen: Screen) -> PatternList:
    return screen.app.screen.query_one(PatternList)


def palette_filters(screen: Screen) -> bool:
    return screen.app.screen.query_one(SearchRow).line.has_focus


def sql(screen: Screen) -> str:
    return screen.app.screen.query_one(SqlPreview).sql.text


async def write(screen: Screen) -> None:
    """Press Enter in every field, and once more on the last line."""
    palette = screen.app.screen
    assert isinstance(palette, PatternPalette)
    for _ in range(len([row for row in palette.rows if row.display]) + 1):
        await screen.press("enter")
    await screen.until(lambda: screen.app.screen is screen.main)


def traits(pattern: Pattern) -> set[object]:
    """Return what can make a difference to the screen on which a pattern is written."""
    fields = {(one.kind, one.required, one.asked, bool(one.catalog)) for one in pattern.fields}
    return {*fields, pattern.group, len(pattern.files), pattern.later is not None}


def sample() -> list[Pattern]:
    """Return few patterns that together have each trait; next is always the one with most that are not there yet."""
    chosen: list[Pattern] = []
    left = set[object]().union(*map(traits, PATTERNS))
    while left:
        chosen.append(max(PATTERNS, key=lambda one: len(traits(one) & left)))
        left -= traits(chosen[-1])
    return chosen


def examples(pattern: Pattern) -> dict[str, str]:
    """Return the example of each field that needs a value from the user."""
    fields = pattern.fields
    return {one.name: one.example for one in fields if one.required and not one.default and not one.choices}


@pytest.mark.parametrize("pattern", sample(), ids=lambda pattern: pattern.key)
async def test_pattern_writes_the_files_that_the_screen_shows(project: Project, pattern: Pattern) -> None:
    project.table(41)
    async with project.open((120, 36)) as screen:
        palette = await open_palette(screen, pattern.title)
        await screen.press("enter")
        typed = examples(pattern)
        for row in palette.rows:
            if row.field.name in typed:
                row.query_one(Input).value = typed[row.field.name]
        await screen.until(lambda: screen.app.screen.query_one(SqlPreview).finished)
        finished = sql(screen)
        palette.query_one("WriteLine").focus()
        await screen.press("enter")
        await screen.until(lambda: screen.app.screen is screen.main)
        written = sorted(project.migrations.glob("*.sql"))[1:]
        assert [path.name[:4] for path in written] == [f"{42 + i:03}_" for i in range(len(pattern.files))]
        assert finished == "\n\n".join(path.read_text(encoding="utf-8") for path in written)
        main = screen.main  # the bottom line shows the name before the list does
        await screen.until(lambda: main.selected is not None and main.selected.name == written[0].name)


def test_every_pattern_writes_the_files_that_its_preview_has(project: Project) -> None:
    """All patterns, one after the other into one folder, with what the screen calls for its preview and its files."""
    project.table(41)
    number = 42
    for pattern in PATTERNS:
        source = PatternSource(pattern)
        made = form_values(source, {**source.defaults({}), **examples(pattern)}).drafting
        assert made.is_complete, (pattern.key, made.errors)
        listing = DraftListing.of(made.drafts, file_names(made.drafts, number, 3))
        written = create(project.migrations, made.drafts)
        assert [path.name[:4] for path in written] == [f"{number + n:03}_" for n in range(len(pattern.files))]
        assert [file.name for file in listing.files] == [path.name for path in written]
        assert listing.text == "\n\n".join(path.read_text(encoding="utf-8") for path in written)
        number += len(written)


async def test_choice_updates_the_sql_when_changed(project: Project) -> None:
    async with project.open((120, 36)) as screen:
        palette = await open_palette(screen, "Add a column with a default")
        assert " NOT NULL;" in sql(screen)
        palette.query_one("ChoiceField").focus()
        await screen.press("space")
        await screen.until(lambda: " NOT NULL;" not in sql(screen))


async def test_blank_migration_is_written_and_selected(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await open_palette(screen, "blank migration")
        await screen.press("enter")
        await screen.type("Add status")
        assert "[ Write 002_add_status.sql ]" in screen.text()
        await screen.press("enter", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, Editor))
        await screen.until("002_add_status.sql")
        await screen.until(lambda: "roblem" in screen.text())
        await screen.press("escape")
        await screen.until("002 add_status")
        assert screen.row("add_status").startswith("›")
    assert (project.migrations / "002_add_status.sql").read_text().startswith("-- 002_add_status.sql\n")


async def test_invalid_value_shows_error_at_its_field_and_writes_nothing(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        palette = await open_palette(screen, "blank migration")
        await screen.press("enter")
        await screen.type("!!")
        await screen.until("! '!!' has no letter")
        await screen.press("enter", "enter")
        assert isinstance(screen.app.screen, PatternPalette)
        assert palette.rows[0].has_focus_within
        await screen.press("escape", "escape")
        await screen.until(lambda: screen.app.screen is screen.main)
    assert len(list(project.migrations.iterdir())) == 1


async def test_the_first_wrong_field_is_visible(project: Project) -> None:
    async with project.open((80, 24)) as screen:
        palette = await open_palette(screen, PATTERNS[0].title)
        palette.query_one("WriteLine").focus()
        await screen.press("enter")
        await screen.until("! Needs a value.")
        fields, first = palette.query_one("#fields"), palette.rows[0]
        await screen.until(lambda: first.has_focus_within and fields.region.contains_region(first.region))
        assert first.field.label in screen.text()


async def test_sql_preview_shows_examples_when_fields_are_empty(project: Project) -> None:
    pattern = PATTERNS[0]
    async with project.open() as screen:
        await open_palette(screen, pattern.title)
        assert "empty fields show example values" in screen.text()
        assert sql(screen).startswith("-- 001_")
        assert "BEGIN" in sql(screen) or "CREATE" in sql(screen)


async def test_escape_returns_to_the_list_and_keeps_typed_values(project: Project) -> None:
    async with project.open() as screen:
        palette = await open_palette(screen, "blank migration")
        await screen.press("enter")
        await screen.type("keep me")
        await screen.press("escape")
        assert screen.app.focused is patterns(screen)
        await screen.press("enter")
        assert [row.value for row in palette.query(FieldRow)] == ["keep me"]


async def test_invalid_pattern_of_the_project_is_named(project: Project) -> None:
    project.patterns.mkdir(parents=True)
    (project.patterns / "bad.sql").write_text("no pattern at all\n")
    async with project.open() as screen:
        await screen.press("n")
        await screen.until(" ! database/patterns/bad.sql")
        assert any(line.startswith(" ! database/patterns/bad.sql") for line in screen.lines()[-3:])


async def test_file_that_cannot_be_written_is_a_problem(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await open_palette(screen, "blank migration")
        await screen.press("enter")
        await screen.type("Add status")
        project.migrations.rename(project.root / "away")
        project.migrations.touch()
        await screen.press("enter", "enter")
        await screen.until("No file was written")
        assert any(line.startswith(" ! No file was written: ") for line in screen.lines()[-3:])
        await screen.press("escape")
        assert "No file was written" not in screen.text()


async def test_hints_are_wrapped_at_80_columns(project: Project) -> None:
    pattern = max(PATTERNS, key=lambda one: max(len(field.help) for field in one.fields))
    async with project.open((80, 24)) as screen:
        palette = await open_palette(screen, pattern.title)
        await screen.press("enter")
        row = max(palette.rows, key=lambda one: len(one.field.help))
        row.focus_entry()
        note = row.query_one(".note", TextBlock)
        await screen.until(lambda: note.display and note.size.height > 1)
        shown = " ".join(note.render_line(y).text.strip() for y in range(note.size.height))
        assert shown == row.field.help
        about = palette.query_one("#about", TextBlock)
        assert about.size.height > 1


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=str)
async def test_dark_palette_has_borders_where_the_main_screen_has(
    project: Project, size: tuple[int, int]
) -> None:
    project.table(6)
    async with project.open(size, Terminal(theme="dark")) as screen:
        palette = await open_palette(screen, "blank migration")
        await screen.press("enter")
        await screen.type("new")
        framed = size[0] >= 100
        await screen.until(lambda: ("New migration" in screen.top()) is framed)
        if framed:
            await screen.until(lambda: "007_new.sql" in screen.top())
            lines = screen.lines()
            assert lines[1].startswith("╭─ Patterns ─")
            assert lines[1].rstrip().endswith("╮")
            assert "╭─ blank migration ─" in lines[1]
            assert any(line.startswith("╭─ SQL ") for line in lines)
            place = palette.query_one(FormBox).region
            assert look_of(screen.app, " blank migration ", place.y)[1] == "accent", "the form has the focus"
            assert look_of(screen.app, "▌ blank migration") == ("muted", "raised", False)
        else:
            assert "╭" not in screen.text()


async def test_patterns_have_the_headings_of_their_groups(project: Project) -> None:
    async with project.open((120, 36)) as screen:
        await screen.press("n")
        await screen.until(lambda: bool(patterns(screen).found))
        shown = [patterns(screen).draw(n, 40).text.strip() for n in range(patterns(screen).count())]
        assert shown[0] == "Tables"
        assert [line for line in shown if line in GROUPS] == list(GROUPS)
        assert shown[-2:] == ["Others", "blank migration"]
        await screen.press("G")
        await screen.until("blank migration")
        await screen.press("g")
        await screen.until(lambda: shown[1].removeprefix("› ") in screen.text() and "Tables" in screen.text())


async def test_typing_filters_the_patterns_and_esc_shows_all(project: Project) -> None:
    async with project.open((120, 36)) as screen:
        await open_palette(screen, PATTERNS[0].title)
        await screen.type("fk")
        await screen.until(lambda: [one.key for one in patterns(screen).found][:1] == ["add_foreign_key"])
        await screen.until("─ Add a foreign key")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.focused, Input) and not palette_filters(screen))
        await screen.press("escape", "escape")
        await screen.until(lambda: len(patterns(screen).found) == len(PATTERNS) + 1)
        chosen = patterns(screen)
        assert chosen.found[chosen.cursor].key == "add_foreign_key", "the cursor stays on the pattern"
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)


async def test_filter_can_remove_the_pattern_under_the_cursor(project: Project) -> None:
    async with project.open((80, 24)) as screen:
        await open_palette(screen, PATTERNS[0].title)
        await screen.press("G")
        await screen.until(lambda: patterns(screen).cursor == len(PATTERNS))
        await screen.type("fk")
        await screen.until(lambda: [one.key for one in patterns(screen).found][:1] == ["add_foreign_key"])
        assert 0 < patterns(screen).stops() < len(PATTERNS)
        assert patterns(screen).cursor == 0


async def test_slash_opens_the_filter_for_letters_that_move(project: Project) -> None:
    async with project.open((80, 24)) as screen:
        await open_palette(screen, PATTERNS[0].title)
        await screen.type("/grant")
        await screen.until(
            lambda: (
                len(patterns(screen).found) > 1
                and {one.group for one in patterns(screen).found} == {"Access"}
            )
        )
        await screen.press("down")
        await screen.until("─ Grant")
        assert patterns(screen).cursor == 1
        await screen.type("zzzz")
        await screen.until("no pattern matches")
        await screen.press("enter")
        await screen.until("No pattern matches. Press Esc to show all.")


async def test_step_that_must_wait_is_named_before_and_after_writing(project: Project) -> None:
    async with project.open((120, 36)) as screen:
        await open_palette(screen, "Drop a table (1/2): move it")
        assert "Later: Drop a table (2/2): drop it" in screen.text()
        await screen.press("enter")
        await screen.type("t")
        await write(screen)
        await screen.until("Later: Drop a table (2/2): drop it.")


async def test_field_that_is_not_asked_is_shown_only_with_an_error(project: Project) -> None:
    project.patterns.mkdir(parents=True)
    (project.patterns / "hidden.sql").write_text(HIDDEN)
    async with project.open((120, 36)) as screen:
        palette = await open_palette(screen, "A hidden field")
        assert [row.display for row in palette.rows] == [True, False]
        await screen.press("enter")
        palette.rows[0].query_one(Input).value = "not one type"
        await screen.until(lambda: palette.rows[1].display)
        palette.rows[0].query_one(Input).value = "orders"
        await screen.until(lambda: not palette.rows[1].display)
        await screen.press("enter")
        assert isinstance(screen.app.focused, WriteLine), "Enter passes over the hidden field"


async def test_field_that_is_not_asked_stays_while_the_user_corrects_it(project: Project) -> None:
    project.patterns.mkdir(parents=True)
    (project.patterns / "hidden.sql").write_text(HIDDEN)
    async with project.open((120, 36)) as screen:
        palette = await open_palette(screen, "A hidden field")
        await screen.press("enter")
        palette.rows[0].query_one(Input).value = "not one type"
        palette.query_one(WriteLine).focus()
        await screen.press("enter")
        await screen.until(lambda: palette.rows[1].has_focus_within)
        await screen.until("! The default not one type is not valid.")
        await screen.type("text")
        assert palette.rows[1].value == "text"
        await screen.press("enter", "enter")
        await screen.until(lambda: screen.app.screen is screen.main)
    assert "What it does: text." in (project.migrations / "001_hide_not_one_type.sql").read_text()


HIDDEN = """\
-- title: A hidden field
-- field: table
--   kind: text
-- field: check
--   kind: type
--   asked: no
--   default: {{table}}
-- migration: hide_{{table}}
-- What it does: {{check}}.
SELECT 1;
-- Rollback: none: nothing changes
"""
