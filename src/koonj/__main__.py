"""Run the koonj command with `python -m koonj`."""

import os
import sys


def _omit_working_directory() -> None:
    """Remove the working directory, which "python -m" puts first on sys.path.

    In the folder of somebody else, a file such as tomllib.py would run instead of Python's module
    (https://docs.python.org/3/using/cmdline.html#cmdoption-P).
    """
    try:
        here = os.getcwd()  # noqa: PTH109  pathlib would be imported from the working directory
    except OSError:
        return  # the folder was deleted; Python has added nothing
    if not sys.flags.safe_path and sys.path[:1] == [here]:
        del sys.path[0]


if __name__ == "__main__":
    _omit_working_directory()
    from koonj.cli.main import entry

    entry()
