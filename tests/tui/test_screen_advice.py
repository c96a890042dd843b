"""Advice on the screen is a key, where the command line has a command."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from koonj.config.screen_settings import KeySetting
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.full_screens import ON_MATRIX
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from koonj.tui.state.screen_advice import in_keys

CASES = {
    "Fix the cause, then run: koonj apply --target local": "Fix the cause, then press a",
    "To start it again, run: koonj apply": "To start it again, press a",
    "Fix the cause, then run: koonj apply --batch 7 --target local": "Fix the cause, then press A, then b",
    "To apply it outside a batch, run: koonj apply 7": "To apply it outside a batch, press U",
    "Retry: koonj apply --probe --target local": "Retry: press a, then p",
    "To undo the migration: koonj rollback": "To undo the migration: press r",
    "Fix the cause, then run: koonj apply (it resumes at statement 3; do not change the statements before it)": (
        "Fix the cause, then press a (it resumes at statement 3; do not change the statements before it)"
    ),
    "To run only the repair: koonj settle 003 --repair": "To run only the repair: press s",
    "To see what is known, and what can be done, run: koonj settle 3 --target 'my db'": (
        "To see what is known, and what can be done, press s"
    ),
    "To see its history, run: koonj history 3": "To see its history, press H",
    "When the target is reachable again, run: koonj status --target a-b": (
        "When the target is reachable again, press R"
    ),
    "Apply those before it: koonj apply --batch 2. Then apply it alone: koonj apply": (
        "Apply those before it: press A, then b. Then apply it alone: press a"
    ),
    "12 have not been rehearsed. Run: koonj rehearse": "12 have not been rehearsed. Press P",
    "Rehearse it on a scratch database instead: koonj rehearse 003_a.sql": (
        "Rehearse it on a scratch database instead: press p"
    ),
    "If it is the newer one, give it the next free number: koonj renumber 003_a.sql": (
        "If it is the newer one, give it the next free number: press m"
    ),
    "Restore these statements in the file: koonj restore 003_a.sql --target x; or undo it": (
        "Restore these statements in the file: press o; or undo it"
    ),
    "Put the change in a new migration: koonj new --from-edit 003_a.sql": "Put the change in a new migration: press x",
    "Check the folder, or use another one: --migrations FOLDER": "Check the folder",
    "Check koonj.toml; then run: koonj trust (in CI, set KOONJ_TRUST=1)": (
        "Check koonj.toml; then press u (in CI, set KOONJ_TRUST=1)"
    ),
    "If that is so, run: koonj trust --target production. Otherwise check the dsn.": (
        "If that is so, run: koonj trust --target production. Otherwise check the dsn."
    ),
    "add a comment before the first statement: -- koonj: retries 5": (
        "add a comment before the first statement: -- koonj: retries 5"
    ),
    "koonj rehearses it.": "koonj rehearses it.",
}


@pytest.mark.parametrize("text", CASES)
def test_a_command_becomes_its_key(text: str) -> None:
    assert in_keys(text) == CASES[text]


def test_the_key_is_the_current_one() -> None:
    changed = {"a": "Ctrl+A", "b": ":batch-plan"}
    assert in_keys("Then run: koonj apply", lambda key: changed.get(key, key)) == "Then press Ctrl+A"


def test_keys_of_a_plan_are_not_those_of_the_main_screen() -> None:
    settings = [
        KeySetting("unblock", ("f9",), "koonj.toml:1"),
        KeySetting("rehearse", ("f10",), "koonj.toml:2"),
        KeySetting("batch-plan", ("f11",), "koonj.toml:3"),
    ]
    key = rebind(settings, MAIN, EDITING, DIALOGS, ON_MATRIX).current_key
    assert in_keys("Run: koonj apply --batch", key) == "Press A, then F11"
    assert in_keys("Run: koonj apply --probe", key) == "Press a, then p"
    assert in_keys("Run: koonj unblock", key) == "Press F9"


# No sentence of the screen quotes the command line

ROOT = Path(__file__).parents[2]
_VERBS = (
    "apply|rollback|rehearse|status|check|renumber|restore|settle|new|drift|attach|show|unblock|trust|history"
)
QUOTED = re.compile(rf"\bkoonj (?:{_VERBS})\b(?! (?:it|the|a|its|all|what)\b)|(?<=[\s(])--[a-z]")
_LEFT = re.compile(r": koonj [a-z]")
AFTER_THE_SCREEN = {
    "leave_running_120.txt",
    "leave_running_80.txt",
    "quit_dialog.py",  # how to follow the run from a shell, after koonj has ended
    "capabilities.py",  # why there is no screen
    "screen_advice.py",  # the commands themselves
    "conflict_hint.py",
    "external_editor.py",  # an option of an editor
}


@pytest.mark.parametrize(
    "golden", sorted((ROOT / "tests/tui/golden").glob("*.txt")), ids=lambda path: path.name
)
def test_no_golden_quotes_a_command(golden: Path) -> None:
    found = [line for line in golden.read_text().splitlines() if QUOTED.search(line)]
    assert not found or golden.name in AFTER_THE_SCREEN


def _sentences(path: Path) -> Iterator[str]:
    """Yield the texts of a module that are no docstrings; what an f-string fills in is a file's name."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "1_a.sql" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | inner:
            yield node.value


def test_no_sentence_of_the_screen_quotes_a_command() -> None:
    found = [
        (path.name, text)
        for path in (ROOT / "src/koonj/tui").rglob("*.py")
        if path.name not in AFTER_THE_SCREEN
        for text in _sentences(path)
        if QUOTED.search(text)
    ]
    assert not found


def test_every_command_in_advice_of_a_run_has_a_key() -> None:
    found = [
        (path.name, text)
        for folder in ("apply", "probe", "impact", "plan", "evidence")
        for path in (ROOT / "src/koonj/runner" / folder).glob("*.py")
        for text in _sentences(path)
        if ": koonj " in text
        and _LEFT.search(in_keys(text.replace("{name}", "1_a.sql").replace("{target}", "")))
    ]
    assert not found
