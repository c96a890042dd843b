"""Start a module of koonj in a process of its own: from an installed koonj, or from a release file."""

import os
import sys

import koonj
from koonj import release_contents


def module_command(name: str) -> tuple[str, ...]:
    """Return the command that runs a module, as ``python -m`` does.

    With -P Python imports nothing from the working directory, which has files of the user. A release file
    adds itself to the module path (release/archive/__main__.py).
    """
    if not release_contents.FILE_NAME:
        return (sys.executable, "-P", "-m", name)
    return (sys.executable, "-P", archive_path(), "-m", name)


def archive_path() -> str:
    """Return the path of the release file from which koonj runs."""
    return os.path.dirname(os.path.abspath(koonj.__path__[0]))  # noqa: PTH100, PTH120 - pathlib is not needed
