"""README, ARCHITECTURE.md and docs match the program."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from koonj.cli.diagnostics import ExitCode
from koonj.migrations.migration_status import DECISIVE
from koonj.migrations.states import GLYPHS, MEANINGS
from koonj.patterns.pattern import GROUPS, load, render
from koonj.tui.commands.forms import FORM
from koonj.tui.commands.full_screens import MATRIX
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.render.legend import SIGNS
from koonj.tui.toolkit.key_names import display_key
from support.pattern_cases.all_cases import first_case
from support.pattern_cases.case import EXAMPLE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCREENS = (ROOT / "docs" / "screens.md").read_text(encoding="utf-8")
STATES = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")
PROBLEMS = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def _rows(text: str) -> list[list[str]]:
    """Return the cells of every table row."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"
    ]


def test_every_state_has_a_row_in_states_md() -> None:
    states = {row[1]: row for row in _rows(STATES) if len(row) == 4}
    assert set(states) - {"state", "---"} == {state.value.replace("_", " ") for state in MEANINGS}
    for state in MEANINGS:
        row = states[state.value.replace("_", " ")]
        assert row[0] == GLYPHS[state]
        assert (row[3] == "yes") is (state in DECISIVE)


def test_every_verdict_has_a_row_with_the_words_of_the_legend() -> None:
    """Compare the verdicts; test_help.py compares the states."""
    rows = {row[1]: row for row in _rows(STATES) if len(row) == 3}
    legend = [sign for sign in SIGNS if "rehearsal" in sign.heading]
    assert len(legend) == 8
    for sign in legend:
        assert rows[sign.word] == [sign.glyph, sign.word, sign.meaning]


def test_every_exit_code_has_a_row_in_the_readme() -> None:
    codes = {row[0] for row in _rows(README) if row[0].isdigit()}
    assert codes == {str(code.value) for code in ExitCode}


def test_documented_keys_exist() -> None:
    known = {display_key(key) for command in (*MAIN, *MATRIX, *FORM) for key in command.all_keys()} | {
        "y",
        "n",
        "N",
        "Up",
        "Down",
    }
    for text, title in ((README, "## The screen"), (SCREENS, "## All keys")):
        section = text.split(title)[1].split("\n## ")[0]
        named = {key for row in _rows(section) for key in re.findall(r"`([^`$-]+)`", row[0])}
        assert len(named) >= 10
        assert named <= known, named - known


def test_every_command_of_the_palette_is_documented() -> None:
    screen = README.split("## The screen")[1].split("\n## ")[0]
    written = set(re.findall(r"`([^`\s]+)`", screen + SCREENS))
    for command in MAIN:
        names = {display_key(key) for key in command.all_keys()} or {command.name()}
        if command.listed and command.name() not in _NOT_LISTED:
            assert names & written, f"{command.name()} ({names}) is in neither README nor screens.md"


_NOT_LISTED = {
    "suspend",
    "repaint",
    "back",
    "pane-migrations",
    "pane-preview",
    "pane-targets",
    "pane-run",
}
"""Commands with well-known keys, or keys that README shows as a range."""


def test_every_picture_exists_and_is_used() -> None:
    linked = set(re.findall(r"!\[[^\]]+\]\((?:docs/)?([a-z_]+\.svg)\)", README + SCREENS))
    assert linked == {file.name for file in (ROOT / "docs").glob("*.svg")}


def test_script_creates_every_picture() -> None:
    script = (ROOT / "docs" / "screenshots.py").read_text(encoding="utf-8")
    for file in (ROOT / "docs").glob("*.svg"):
        assert f'"{file.stem}"' in script, file.name


def test_every_problem_code_is_explained() -> None:
    explained = set(re.findall(r"^\| `([a-z0-9-]+)`", PROBLEMS, re.MULTILINE))
    assert set(_codes()) <= explained, set(_codes()) - explained


def _codes() -> Iterator[str]:
    """Yield the codes of problems in the packages that find problems.

    They are first arguments of calls, or keys of dictionaries, that look like a code. Not those of squawk, and not the names
    of tools in writers.py.
    """
    for folder in ("sql", "migrations"):
        for file in (ROOT / "src" / "koonj" / folder).rglob("*.py"):
            if file.parent.name == "squawk" or file.name == "writers.py":
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                candidates: list[ast.expr | None] = []
                if isinstance(node, ast.Call) and "roblem" in ast.unparse(node.func):
                    candidates = list(node.args[:1])
                elif isinstance(node, ast.Dict):
                    candidates = [key for key in node.keys if "-" in ast.unparse(key or node)]
                yield from (text for text in map(_text, candidates) if _CODE.fullmatch(text))


_CODE = re.compile(r"[a-z]+[0-9]*(-[a-z0-9]+)*")


def _text(expression: ast.expr | None) -> str:
    is_text = isinstance(expression, ast.Constant) and isinstance(expression.value, str)
    return str(expression.value) if is_text else ""  # type: ignore[union-attr]  # `is_text` implies a constant


def test_the_page_of_patterns_shows_what_they_write_now() -> None:
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (\w+)\n\n(.*?)(?=^###? |\Z)", page, re.MULTILINE | re.DOTALL))
    assert list(sections) == [pattern.key for pattern in load()[0]], "run `make patterns`"
    for pattern in load()[0]:
        text = sections[pattern.key]
        drafts = render(pattern, first_case(pattern.key).typed_values(EXAMPLE))
        shown = re.findall(r"^```sql\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
        assert shown == [draft.text.strip() for draft in drafts], "run `make patterns`"
        assert re.findall(r"^`NNN_(.*)\.sql`", text, re.MULTILINE) == [draft.slug for draft in drafts]
        assert text.startswith(f"{pattern.title}. {pattern.description}\n"), "run `make patterns`"


def test_every_pattern_is_in_the_list_by_group() -> None:
    page = (ROOT / "docs" / "patterns.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- (\w+): ((?:`\w+`,?\s+)+)", page, re.MULTILINE)
    found = {group: re.findall(r"`(\w+)`", keys) for group, keys in listed if group in GROUPS}
    assert found == {
        group: [pattern.key for pattern in load()[0] if pattern.group == group] for group in GROUPS
    }


def test_every_package_is_named_in_the_architecture() -> None:
    source = ROOT / "src" / "koonj"
    packages = {str(file.parent.relative_to(source)) for file in source.rglob("__init__.py")} - {"."}
    named = set(re.findall(r"^\| `([a-z/_]+)/` \|", ARCHITECTURE, re.MULTILINE))
    assert named == packages


def test_every_path_in_the_architecture_exists() -> None:
    quoted = set(re.findall(r"`([^`\s]+)`", ARCHITECTURE))
    paths = {text for text in quoted if "/" in text or re.search(r"\.(py|sql|md|toml)$", text)}
    roots = (ROOT, ROOT / "src" / "koonj", ROOT / "src" / "koonj" / "tui")
    assert len(paths) > 80
    for path in sorted(paths):
        assert any((root / path).exists() for root in roots), path
