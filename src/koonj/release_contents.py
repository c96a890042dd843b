"""What is in the release file from which koonj runs; nothing if koonj was installed.

`make release` (release/build.py) writes this module anew inside each file that it makes.
"""

FILE_NAME = ""
"""Name of the release file, such as ``koonj.pyz``."""
DIGEST = ""
"""Hash of everything in it."""
PYTHON = ""
"""Version of Python whose bytecode is in it, such as ``3.11``."""
PACKAGES: tuple[tuple[str, str], ...] = ()
"""Names and versions of the packages in it."""
LIBRARIES: tuple[tuple[str, int, str], ...] = ()
"""Path, size and SHA-256 of each file that Python can load only from a folder."""
