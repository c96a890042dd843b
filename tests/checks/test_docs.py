"""docs/checks.md has a section for each rule, with its level and its reason."""

from __future__ import annotations

import re
from pathlib import Path

from koonj.checks.catalogue import RULES
from koonj.checks.ignores import IGNORE_CODES

DOCS = Path(__file__).parents[2] / "docs"


def test_each_rule_has_a_section_with_its_level_and_its_reason() -> None:
    text = (DOCS / "checks.md").read_text()
    sections = re.findall(r"^### ([a-z-]+)\n\n`(\w+)` (.+)$", text, re.MULTILINE)
    assert sections == [(rule.code, str(rule.severity), rule.why) for rule in RULES.values()]


def test_the_codes_of_ignore_comments_are_described() -> None:
    text = (DOCS / "checks.md").read_text()
    assert all(f"| `{code}` |" in text for code in IGNORE_CODES)


def test_codes_of_rules_are_not_those_of_other_problems() -> None:
    others = set(re.findall(r"^\| `([a-z0-9-]+)` \|", (DOCS / "problems.md").read_text(), re.MULTILINE))
    assert others
    assert not others & {*RULES, *IGNORE_CODES}
