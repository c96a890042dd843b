"""What --help says, besides the options."""

ABOUT = "koonj: PostgreSQL migrations that are plain SQL files. Without a command: the full-screen view."

EPILOG = """\
examples:
  koonj                                  the screen: see, preview, write, apply, roll back
  koonj init                             begin a project here
  koonj new add status to documents      the next file, with the form to fill in
  koonj status                           what is applied, pending, edited, missing
  koonj apply                            the next pending migration, after a question
  koonj apply --all --yes                all of them, for a script
  koonj rollback                         the migration applied last
  koonj rehearse                         what is pending, up, down and up again on a scratch database
  koonj drift                            what the target has that its applied files do not produce
  koonj status --target staging --json   for a program: see docs/json.md

exit codes:
  0  all well
  1  an error, or the question was answered with no
  2  the command line or koonj.toml cannot be used, or nobody was there to answer a question
  3  status: migrations are pending
  4  a migration is edited, missing, late, duplicate or interrupted, or has no rollback; drift
  5  another run holds the target's lock
  6  cancelled
  7  rehearse, or apply where the target wants a verified rehearsal: a migration is not verified

The target is --dsn, else --target, else koonj.toml's default or first one, else DATABASE_URL, else PG*.
The text output is plain lines, made to be read aloud: a mark and a word, no colour, nothing drawn.
"""

_RUN = """\
examples:
{examples}

Before anything changes the plan is shown and a question is asked. --yes answers it beforehand. A protected
target wants its name: typed, or as --confirm NAME. Where nobody can answer (no terminal, or --json) and no
option did, nothing changes and the exit code is 2.
--probe runs all of it on the target in one BEGIN … ROLLBACK, and tells the locks that it took. Only what is
one transaction can be probed. It waits at most 1 s for a lock; but its locks are real while it runs,
and sequences do not go back. No history is written, and no verified rehearsal is asked for.
Ctrl-C cancels the running statement on the server, and says what that leaves.

exit codes: 0 done or nothing to do, 1 error or answered with no, 2 usage or nobody to answer,
4 a person must decide first, 5 lock not obtained, 6 cancelled,
7 not verified, and the target wants a verified rehearsal.
"""

APPLY = _RUN.format(
    examples="""\
  koonj apply                 the next pending migration
  koonj apply 16              all pending up to and with number 16
  koonj apply --all --plan    what it would do, and stop
  koonj apply --all --probe   run it on the target and roll it back
  koonj apply --all --yes     no question
  koonj apply --all --target production --confirm production
  koonj apply 12 --allow late --reason 'hotfix of Monday'"""
)

ROLLBACK = _RUN.format(
    examples="""\
  koonj rollback              the migration applied last
  koonj rollback 12           down to 12; 12 itself stays applied
  koonj rollback --all        every one
  koonj rollback --plan       what it would do, and stop
  koonj rollback --probe      run it on the target and roll it back"""
)

STATUS = """\
examples:
  koonj status
  koonj status --target staging
  koonj status --dsn postgresql://me@db.example.com/app --json

It only reads: a role that may SELECT is enough, and it makes nothing in the database.

exit codes: 0 all applied, 1 the target cannot be read or a file's name cannot be used, 2 usage,
3 migrations are pending, 4 one is edited, missing, late, duplicate or interrupted.
"""

SHOW = """\
examples:
  koonj show 16                          the file
  koonj show 016_add_status.sql --numbers
  koonj show 16 --statements             each statement that would be sent, in words
  koonj show 16 --rollback               the rollback as SQL, without its comment marks
"""

NEW = """\
examples:
  koonj new add status to documents
  koonj new --pattern add_column table=documents column=status type='varchar(50)' default="'active'"
  koonj new NAME --pattern PATTERN field=value ...

The file gets the next free number and nothing is overwritten. Its path is printed.
`koonj patterns` lists the patterns, `koonj patterns PATTERN` the fields of one.
"""

PATTERNS = """\
examples:
  koonj patterns
  koonj patterns add_column

A project's own patterns are read from database/patterns (or `patterns` in koonj.toml).
"""

REHEARSE = """\
examples:
  koonj rehearse                         all that are pending on the target
  koonj rehearse 16                      one, whatever its state
  koonj rehearse --all                   every one; needs no target: for CI
  koonj rehearse --all --allow lossy     a loss of data is meant, and no reason to fail
  koonj rehearse --pg 15                 on PostgreSQL 15, where its programs are installed
  koonj rehearse --like production       from that target's real schema instead of the earlier files

Each migration is run up, down and up again on a scratch database that is made for it and thrown away; the
catalogs are compared, and locks, rewrites and scans of each statement are recorded. No target is changed.

verdicts: verified, lossy (data is gone), reordered (columns come back in another order), incomplete (what
remains or is missing), broken, irreversible (declared so), unknown (it could not be rehearsed).
A verdict is kept for as long as nothing that it depends on changes. Where columns come back in another
order and data is gone, too, both must be allowed: --allow reordered --allow lossy.

The scratch is a server that koonj runs itself, or `[scratch] dsn` in koonj.toml.

exit codes: 0 all verified or allowed, 1 no scratch, or it was lost, 2 usage, 6 cancelled, 7 not so.
"""

DRIFT = """\
examples:
  koonj drift
  koonj drift --target production --verbose
  koonj drift --json

What was applied is run again, in the same order and with the text that ran, on a scratch database that is
made for it and thrown away; then the two catalogs are compared, object by object. The target is only read: a
role that may connect is enough, but for the texts of files that were edited or are gone.

exit codes: 0 no drift, 1 it cannot be told, 2 usage, 4 there is drift, 6 cancelled.
"""

HISTORY = """\
examples:
  koonj history                          every entry, oldest first
  koonj history 16                       those on one migration
  koonj history --json
"""

CHECK = """\
examples:
  koonj check
  koonj check --migrations db/migrations --json

Each line begins with file:line:column. Notes and most warnings are for reading and do not fail.

exit codes: 0 nothing serious, 1 errors, 2 usage,
4 no other errors, but a number is used twice or a file does not say how to undo it.
"""

INIT = """\
Makes koonj.toml here, and database/migrations unless there is a migrations folder. Overwrites nothing.
"""
