"""What is alike in all commands: --yes where something is changed, and the help that a wrong option names."""

from __future__ import annotations

from argparse import _SubParsersAction
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from koonj.cli.arguments import build, parse
from koonj.cli.diagnostics import UsageError

CHANGING: Mapping[str, str] = MappingProxyType(
    {
        "apply": "",
        "rollback": "",
        "adopt": "",
        "settle": "16 --done 2",
        "unblock": "4711 --end --reason why",
        "new": "--from-edit 16",
        "renumber": "16",
        "rename": "16 another title",
        "restore": "16",
        "set": "16 retries=5",
    }
)
"""Commands that change a database or a file that exists, with what they need."""
READING: Mapping[str, str] = MappingProxyType(
    {
        "status": "",
        "show": "16",
        "patterns": "",
        "rehearse": "",
        "drift": "",
        "history": "",
        "runs": "",
        "attach": "",
        "check": "",
        "init": "",
        "trust": "",
        "tunnel": "",
        "doctor": "",
    }
)
ALL: Mapping[str, str] = MappingProxyType({**CHANGING, **READING})


def test_table_has_every_command() -> None:
    commands = next(action for action in build()._actions if isinstance(action, _SubParsersAction))
    assert set(commands.choices) == set(ALL)


@pytest.mark.parametrize("command", CHANGING)
def test_every_command_that_changes_something_takes_yes(command: str) -> None:
    assert parse([command, *CHANGING[command].split(), "--yes"]).yes
    assert not parse([command, *CHANGING[command].split()]).yes


@pytest.mark.parametrize("command", READING)
def test_command_that_asks_nothing_and_changes_nothing_has_no_yes(command: str) -> None:
    with pytest.raises(UsageError, match="--yes"):
        parse([command, *READING[command].split(), "--yes"])


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize("lead", [(), ("--json", "--target", "local")], ids=["", "after shared options"])
def test_wrong_option_names_the_help_of_its_command(command: str, lead: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        parse([*lead, command, *ALL[command].split(), "--no-such-option", "x"])
    assert "--no-such-option" in caught.value.message
    assert caught.value.hint == f"For help, run: koonj {command} --help"


@pytest.mark.parametrize(
    "command", [name for name, needed in ALL.items() if needed and name not in ("new", "unblock")]
)
def test_missing_argument_names_the_help_of_its_command(command: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse([command])
    assert caught.value.hint == f"For help, run: koonj {command} --help"


@pytest.mark.parametrize("words", ["--no-such-option", "nonsense", "--no-such-option status"])
def test_wrong_words_without_a_command_name_the_help_of_all(words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(words.split())
    assert caught.value.hint == "For help, run: koonj --help"
