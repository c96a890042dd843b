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

    def parse_known_args(self, *words: Any, **options: Any) -> Any:
        """Add the options and parse."""
        for add in self.missing:
            add(self)
        self.missing = []
        return super().parse_known_args(*words, **options)

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
