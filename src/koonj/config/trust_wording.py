"""Say what koonj runs in a folder that the user trusts, for the command and the screen."""

from collections.abc import Iterator

from koonj.config.settings import Trust


def trust_lines(trust: Trust) -> Iterator[str]:
    """Yield one line for everything that koonj runs or reads in a trusted folder."""
    yield "the SQL of the migrations on a scratch server: rehearsals (also in the background), plans, drift"
    if trust.scratch_dsn is not None:
        yield f"that SQL on the server in [scratch] dsn: {trust.scratch_dsn}"
    for table, password in trust.secrets:
        yield f"{_DOES[password.source]} {password.named} ({password.where}, password of {table})"
    for table, ssh in trust.tunnels:
        yield f"{ssh.command} ({ssh.where}, tunnel of {table})"


_DOES = {
    "command": "the command",
    "env": "a login with the variable",
    "file": "a login with the first line of",
    "aws_rds": "a login with a token of",
    "keyring": "a login with the entry of the keyring",
}
