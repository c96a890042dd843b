"""Text of `koonj adopt --help`."""

ADOPT = """\
examples:
  koonj adopt --plan                     show for each file what the target has of it
  koonj adopt                            record the files as applied up to the one that fits; asks first
  koonj adopt 12                         the same, up to and including 012
  koonj adopt 12 --reason 'the index is still missing: see 013'
  koonj adopt 12 --target production --confirm production
  koonj adopt --baseline                 write the target's schema as 001_baseline.sql, and adopt it
  koonj adopt --convert --into koonj/migrations   take over the files and the history of another tool

For a database that has the objects of the files, but no history of koonj. koonj runs the files on a scratch
database, and compares the schema after each of them with the target's. Nothing is run on the target: koonj
only writes entries into its history, all of them or none, with the evidence. A file that only changes rows
cannot be proved. If the schemas differ, koonj adopts only the files that you name, with your reason.

exit codes: 0 recorded, or only planned, 1 an error, or you answered no, 2 usage, 4 the schemas differ, or
there is nothing to adopt, 5 another run holds the koonj lock, 6 cancelled.
"""
