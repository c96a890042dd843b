"""Tell the user of a command what ssh says while it logs in to a bastion: nobody can answer it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koonj.cli.diagnostics import Diagnostics
from koonj.postgres.connector import Connector
from koonj.sql.display import visible

if TYPE_CHECKING:
    from koonj.postgres.tunnel.questions import SshQuestion


def open_connector() -> Connector:
    """Return a connector of a command, whose ssh tells the user on stderr what it waits for."""
    return Connector(tell=tell_on_stderr)


def tell_on_stderr(question: SshQuestion) -> None:
    """Write what ssh says. The words can be those of the other host."""
    host, text = visible(question.host), visible(" ".join(question.text.split()))
    if question.is_notice:
        Diagnostics().info(f"ssh to {host} waits for you: {text}. Touch your security key.")
        return
    answer = "koonj answers no" if question.is_confirmation else "koonj gives no answer"
    Diagnostics().info(
        f"ssh to {host} asks: {text} {answer}, because a command asks nothing for ssh. To answer, press R on "
        "this target in the terminal UI."
    )
