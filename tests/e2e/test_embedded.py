"""First use: an empty home, the embedded server, and the whole sample project."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from e2e.conftest import SAMPLE, Project
from support.terminal_user import TerminalUser


def _servers(home: Path) -> list[str]:
    """Return the processes whose folder or command line is in `home`."""
    servers = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(bytes(1), b" ").decode(errors="replace")
            folder = str((process / "cwd").readlink())
        except OSError:
            continue  # it has just ended
        if str(home) in line or folder.startswith(str(home)):
            servers.append(f"{process.name}: {line}")
    return servers


def test_whole_sample_is_applied_on_the_embedded_server(
    embedded: Project, home: Path, new_user: Callable[..., TerminalUser]
) -> None:
    count = len(embedded.copy(99))
    assert count == len(list(SAMPLE.glob("*.sql"))) >= 15
    user = new_user()
    user.open(f"0 applied  {count} pending")
    assert any("postgres" in server for server in _servers(home))
    user.press("A", expect=f"Apply {count} migrations to local?")
    user.confirm(f"Apply {count} migrations to local?")
    user.terminal.until(f"{count} applied  nothing pending")
    user.quit("q")
    _wait_until_stopped(home)

    user.terminal.enter("clear")
    user.open(f"{count} applied  nothing pending")
    user.press("G", expect=f"›{count:03}")
    assert user.row(f"{count:03}").endswith("✓ applied")
    user.quit("q")
    _wait_until_stopped(home)


def _wait_until_stopped(home: Path) -> None:
    end = time.monotonic() + 60
    while left := _servers(home):
        assert time.monotonic() < end, f"still running: {left}"
        time.sleep(0.05)
