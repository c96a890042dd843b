"""Text of `koonj doctor --help`."""

DOCTOR = """\
examples:
  koonj doctor                    check this machine and all targets of koonj.toml
  koonj doctor --target staging   check this machine and one target
  koonj doctor --json

One line for each thing: terminal, locale, Python, packages, libpq, ssh, PostgreSQL's programs, folders and
targets. `note` is something that is missing and that not everybody needs, `error` is something to fix.

koonj connects to each target as `koonj status` does, and reads only which server it is. In a folder that you
do not trust, it connects to no target of koonj.toml. It does not start the embedded server, and creates no
folder.

The lines contain no connection string, host, user, path or password, so that you can copy them into a bug
report. They contain the names of your targets.

exit codes: 0 no error, 1 an error, 2 usage
"""
