"""The argument parser of koonj: its own output streams, and options that are added when they are needed."""

from __future__ import annotations

from argparse import Action, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from typing import Any, NoReturn

from koonj.cli.diagnostics import UsageError
from koonj.cli.output import Output

NUMBER = "a number (16, 016) or a file name"
"""What can be written for the number of a migration."""


class Parser(ArgumentParser):
    """Argument parser that reports through koonj's own output streams."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False, add_help=False, **options
        )
        self.missing: list[Callable[[Parser], None]] = []
        """Functions that add its options before it parses: only the parser of one command does."""
        self.is_of_command = False

    def parse_known_args(self, *words: Any, **options: Any) -> Any:
        """Add the options and parse."""
        for add in self.missing:
            add(self)
        self.missing = []
        args, unknown = super().parse_known_args(*words, **options)
        if unknown and self.is_of_command:  # argparse would leave them to the parser of all commands
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return args, unknown

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of exiting, as argparse would."""
        raise UsageError(message, f"For help, run: {self.prog} --help")


class _Help(Action):
    """Print the help to stdout, not to stderr: the user asked for it."""

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        out = Output(as_json=False)
        out.lines(parser.format_help().rstrip("\n").split("\n"))
        out.check()
        parser.exit()


def add_help(parser: Parser) -> None:
    """Add --help."""
    parser.add_argument("-h", "--help", action=_Help, nargs=0, help="show this help and exit")


def add_yes(parser: ArgumentParser, meaning: str = "do not ask for confirmation") -> None:
    """Add --yes. Every command that changes a database or an existing file has it."""
    parser.add_argument("--yes", action="store_true", help=meaning)


def add_yes_to_no_question(parser: ArgumentParser) -> None:
    """Add --yes to a command that asks nothing, so that a script can pass it to all that change something."""
    add_yes(parser, "accepted as by the other commands; this one does not ask")
