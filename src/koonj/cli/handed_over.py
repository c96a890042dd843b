"""Take what another koonj process hands over: its environment, and the dsn of the target.

Other users can read the arguments of a process, and processes that it starts inherit its environment. So the
screen hands these to its commands through their standard input, as JSON.
"""

import json
import os
import sys
from argparse import Namespace

from koonj.cli.diagnostics import UsageError


def take(args: Namespace) -> None:
    """Read the standard input; add its variables to the environment, and its dsn to `args`.

    Raises:
        UsageError: it is not the JSON that koonj writes.
    """
    try:
        handed = json.load(sys.stdin)
        os.environ.update(handed["environ"])
        args.dsn = handed["dsn"]
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError("--handed-over is only for the commands that koonj's own screen starts.") from error
