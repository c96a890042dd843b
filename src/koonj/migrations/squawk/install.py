"""Find the squawk that the extra ``koonj[squawk]`` installs.

Only the one in koonj's own environment counts. Its rules change with every release, so koonj uses one
version.
"""

import site
import sysconfig
from pathlib import Path

VERSION = "2.70.0"
"""The version that pyproject.toml pins. Its rules are those of `rules`."""
OF_SQUAWK = "squawk/"
"""Start of the codes of its findings; the name of squawk's rule follows."""
INSTALL = f"pip install 'squawk-cli=={VERSION}'"


def find() -> Path | None:
    """Return the squawk of koonj's own environment; None if it is not installed."""
    schemes = [sysconfig.get_default_scheme()]
    if site.ENABLE_USER_SITE:  # not in a virtual environment
        schemes.append(sysconfig.get_preferred_scheme("user"))
    folders = (sysconfig.get_path("scripts", scheme) for scheme in schemes)
    return next((program for folder in folders if (program := Path(folder, "squawk")).is_file()), None)
