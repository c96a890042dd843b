"""Start koonj from the release file that contains this module.

An older Python must be able to read this module too: it then looks for a newer one, or says what is missing.
"""

import os
import sys

OLDEST = (3, 11)
NEWEST_MINOR = 30


def main():  # type: () -> None
    """Run koonj, or after ``-m`` one of its modules, with the arguments of this process."""
    if sys.version_info < OLDEST:
        run_with_newer_python()
    archive = os.path.abspath(sys.path[0])  # noqa: PTH100 - a change of the working directory must not change it
    sys.path[0] = archive
    from koonj import release_contents  # noqa: PLC0415 - not with an older Python
    from koonj_packages import Packages  # noqa: PLC0415 - as above

    sys.meta_path.insert(0, Packages(release_contents.PACKAGES))

    # Another version of psycopg on this machine must not take part.
    sys.modules["psycopg_c"] = None  # type: ignore[assignment]
    if release_contents.LIBRARIES:
        import koonj_libraries  # noqa: PLC0415 - as above

        sys.path.insert(1, koonj_libraries.unpacked(archive))
    else:
        sys.modules["psycopg_binary"] = None  # type: ignore[assignment]
    if sys.argv[1:2] == ["-m"]:
        import runpy  # noqa: PLC0415 - only for koonj's own processes

        name = sys.argv[2]
        sys.argv[1:3] = []
        runpy.run_module(name, run_name="__main__", alter_sys=True)
        return
    from koonj.cli.main import entry  # noqa: PLC0415 - as above

    entry()


def run_with_newer_python():  # type: () -> None
    """Replace this process by a Python that is new enough, or exit with an error."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for minor in range(NEWEST_MINOR, OLDEST[1] - 1, -1):
        for folder in folders:
            program = os.path.join(folder, "python3.{}".format(minor))  # noqa: PTH118, UP032 - for an older Python
            if os.path.isabs(folder) and os.access(program, os.X_OK):  # noqa: PTH117 - as above
                os.execv(program, [program, "-P", sys.argv[0]] + sys.argv[1:])  # noqa: S606, RUF005 - as above
    message = (
        "koonj: error: koonj requires Python 3.11 or newer, and this is Python {}.{}.\n"
        "    No newer one is on PATH. Install one, or write its path: /path/to/python3.11 {}"
    )
    sys.exit(message.format(sys.version_info[0], sys.version_info[1], sys.argv[0]))


if __name__ == "__main__":
    main()
