"""Texts of --help: introduction, examples, explanations, exit codes."""

ABOUT = "koonj: plain-SQL migrations for PostgreSQL. Without a command, koonj opens its screen."

EPILOG = """\
examples:
  koonj                                  open the screen: see, write, apply and roll back migrations
  koonj init                             create koonj.toml and a folder for migrations
  koonj trust                            let koonj run what this folder contains
  koonj new add status to documents      create the next migration file, blank
  koonj renumber 016_add_status.sql      give a late or duplicate migration the next free number
  koonj restore 016_add_status.sql       write the text that was applied back into an edited or missing file
  koonj status                           show which migrations are applied, pending, edited or missing
  koonj apply                            apply the next pending migration; asks first
  koonj apply --all --yes                apply all pending migrations without asking, for scripts
  koonj rollback                         roll back the migration that was applied last; asks first
  koonj rehearse                         apply, roll back and apply again on a scratch database
  koonj settle 17                        decide about an interrupted migration, if the target does not show it
  koonj attach                           follow a run that goes on after its terminal was closed
  koonj drift                            compare the target's schema with its applied migrations
  koonj adopt                            record as applied what a database had before koonj; asks first
  koonj doctor                           check this machine, and whether the targets can be reached
  koonj status --target staging --json   print JSON for programs (see docs/json.md)

exit codes:
  0  success
  1  an error, or you answered no
  2  usage: the command line or koonj.toml, or a confirmation was required and there was no terminal
  3  status: migrations are pending
  4  a migration is edited, missing, renamed, late, duplicate or interrupted, or has no rollback; or drift
  5  another run holds the koonj lock
  6  cancelled
  7  not verified: rehearse, or apply on a target that requires a verified rehearsal
  8  you stopped following a run, which is still in progress

koonj uses the first target that it finds: --dsn or --target, the default target of koonj.toml (else its first
one), DATABASE_URL, the PG* variables of libpq.
Text output is plain lines without colours or boxes, suitable for screen readers.
"""

_RUN = """\
examples:
{examples}

koonj shows the plan and asks before it changes anything. --yes skips the prompt. For a protected target, type
its name or pass --confirm NAME. If there is no terminal (or with --json) and no such option, nothing is
changed and the exit code is 2.

{more}--probe runs the migrations on the target in one BEGIN … ROLLBACK and reports the locks they took. Only
migrations that are one transaction can be probed. A probe waits at most 1 s for each lock. Its locks are real
until it is rolled back, and sequences keep their new values. It writes no history and does not require a
verified rehearsal.

If the target requires a verified rehearsal, --allow lets the same verdicts pass as in `koonj rehearse`:
lossy, reordered and irreversible. Every other verdict needs --override 'REASON'.

On a terminal, a confirmed run continues in a process of its own: if the terminal or the line is lost, the run
goes on. koonj follows it; Ctrl-C asks whether to cancel the run or to leave it running. `koonj attach`
follows it again. Without a terminal, in CI (variable CI), with --json, --probe or --foreground, and on the
embedded server, the run is part of this process. Then Ctrl-C, SIGTERM and SIGHUP cancel the running statement
on the server, and koonj reports what is committed.

exit codes: 0 done or nothing to do, 1 an error or you answered no, 2 usage, or no terminal to ask,
4 a conflict that you must decide first, 5 another run holds the koonj lock, 6 cancelled,
7 not verified, and the target requires a verified rehearsal, 8 you left the run, which is still in progress.
"""

_BATCH = """\
--batch applies the migrations in one transaction, with their history entries: all of them, or none. Each must
be one transaction; otherwise nothing runs, and koonj names the file and the reason. Deferred constraints are
checked at the end of each file. All locks are kept until the end. A file's `retries` repeat the whole batch.

"""

_PREFLIGHT = """\
A plan says which statements will fail because of the target's rows, such as NULLs below a new NOT NULL, with
the keys of three rows and a query for all. koonj reads the rows in READ ONLY transactions, under ACCESS SHARE
locks: all rows of small tables, 1 % of larger ones. --preflight exact reads them all, at most 60 s for each
question. What could not be asked is `not known`.

"""

APPLY = _RUN.format(
    more=_BATCH + _PREFLIGHT,
    examples="""\
  koonj apply                 apply the next pending migration
  koonj apply 16              apply all pending migrations up to and including number 16
  koonj apply --all --plan    show the plan of all pending migrations and exit
  koonj apply --plan --preflight exact    and ask all rows of the target whether it will fail on them
  koonj apply --all --probe   run all of them on the target, then roll everything back
  koonj apply --batch         apply all pending migrations in one transaction: all of them or none
  koonj apply --all --yes     apply all pending migrations without asking
  koonj apply --all --yes --detach        the same, without waiting for the end
  koonj apply --all --target production --confirm production
  koonj apply --all-targets --plan        show one plan for all targets that are alike, and exit
  koonj apply --targets 'tenant*' --yes --wave 1,5,rest    several targets, in waves
  koonj apply 12 --allow late --reason 'hotfix of Monday'
  koonj apply --allow lossy --reason 'the old column is not read any more'""",
)

ROLLBACK = _RUN.format(
    more="",
    examples="""\
  koonj rollback              roll back the migration that was applied last
  koonj rollback 12           roll back all with a number above 12; 12 itself stays applied
  koonj rollback --all        roll back all applied migrations
  koonj rollback --plan       show the plan and exit
  koonj rollback --probe      run the rollback on the target, then roll everything back
  koonj rollback 12 --targets 'tenant*' --yes      several targets, in waves""",
)

STATUS = """\
examples:
  koonj status
  koonj status --target staging
  koonj status --dsn postgresql://me@db.example.com/app --json
  koonj status --all-targets             compare the states on all targets of koonj.toml

It only reads: a role that can only SELECT is enough, and koonj creates nothing in the database.

--all-targets reads all targets at the same time and prints a row for each migration that is not applied on
every one of them; --all prints every row. A target that cannot be read is a column of `?`. Its exit code is 1
if a target cannot be read, else that of the worst target: 4, then 1, then 3.

exit codes: 0 all applied, 1 the target cannot be read or a file name is invalid, 2 usage,
3 migrations are pending, 4 a migration is edited, missing, renamed, late, duplicate or interrupted.
"""

SHOW = """\
examples:
  koonj show 16                          show the file
  koonj show 016_add_status.sql --numbers
  koonj show 16 --statements             show a summary of each statement that koonj would send
  koonj show 16 --rollback               show the rollback as SQL, without its comment marks
"""

NEW = """\
examples:
  koonj new add status to documents
  koonj new --pattern add_column table=documents column=status type='varchar(50)' default="'active'"
  koonj new NAME --pattern PATTERN field=value ...
  koonj new --from-edit 016_add_status.sql          put the changes of an edited file into a new migration

The file gets the next free number. koonj prints its path and never overwrites a file.

--from-edit compares an edited file with the text that ran on the target. The new migration has the statements
that the edit added. For each one that it changed or removed, a comment says what you must write. Then koonj
shows the difference, and asks whether to restore the edited file as `koonj restore` does (--yes: without
asking). The rollback has the statements that the edit added to the rollback.

To list the patterns, run: koonj patterns
To list the fields of one, run: koonj patterns PATTERN
"""

RENUMBER = """\
examples:
  koonj renumber 016_add_status.sql      give the file the next free number
  koonj renumber 12 13 --to 20           12 becomes 20, 13 becomes 21
  koonj renumber 12 --plan               show the new names and exit

For a late or duplicate migration, or any other that is pending. No file is overwritten. The text stays as it
is; only a first line that is a comment with the file name gets the new name. koonj asks every configured
target first. If one of them has applied or started the migration, no file is renamed. If one does not
respond, koonj stops; --skip-target NAME lets it go on.

exit codes: 0 renamed or nothing to do, 1 an error, or a target cannot be read, 2 usage,
4 a target has applied or started it, or the number is in use, 5 a run is in progress on a target.
"""

RENAME = """\
examples:
  koonj rename 016_add_status.sql add state of documents     016_add_state_of_documents.sql
  koonj rename 16 add state --plan                           show the new name and exit

For a pending migration. It keeps its number and its text; only a first line that is a comment with the file
name gets the new name. No file is overwritten. koonj asks every configured target first. If one of them has
applied or started the migration, the file is not renamed. If one does not respond, koonj stops;
--skip-target NAME lets it go on.

exit codes: 0 renamed or nothing to do, 1 an error, or a target cannot be read, 2 usage,
4 a target has applied or started it, 5 a run is in progress on a target.
"""

RESTORE = """\
examples:
  koonj restore 016_add_status.sql       show the difference, ask, and restore the text that was applied
  koonj restore 16 --plan                show the difference and exit
  koonj restore 16 --yes                 restore without asking

For a migration that is edited, cosmetic, rollback edited or missing, or that was edited after it was
interrupted. The text comes from the history of the target. A renamed file gets its earlier name. koonj keeps
the text that it replaces in $XDG_STATE_HOME/koonj/replaced (~/.local/state), where only your user can read
it, and prints its path.

exit codes: 0 restored or nothing to restore, 1 an error or you answered no, 2 usage, or no terminal to ask
(also in CI: variable CI).
"""

SET = """\
examples:
  koonj set 16 lock_wait=20min max_stall=1s   show the difference, ask, and write the settings into the file
  koonj set 16 retries=5 --plan               show the difference and exit
  koonj set 016_add_status.sql retries=5 --yes

For a migration that failed at a lock or a deadlock, or any other that is not applied. The settings are a
comment, -- koonj: lock_wait 20min, so the statements stay the same. Settings: lock_timeout, lock_wait,
max_stall, statement_timeout, retries. koonj asks every configured target first. If one of them has applied
the migration, the file is not changed. If one does not respond, koonj stops; --skip-target NAME lets it go
on.

exit codes: 0 written or nothing to do, 1 an error, or a target cannot be read, or you answered no,
2 usage, or no terminal to ask (also in CI: variable CI), 4 a target has applied it,
5 a run is in progress on a target.
"""

PATTERNS = """\
examples:
  koonj patterns
  koonj patterns add_column

koonj also reads your own patterns from database/patterns (or from the folder that `patterns` in koonj.toml
names).
"""

REHEARSE = """\
examples:
  koonj rehearse                         rehearse all migrations that are pending or edited on the target
  koonj rehearse 16                      rehearse one migration, whatever its state
  koonj rehearse --all                   rehearse all migrations; needs no target: for CI
  koonj rehearse --all --allow lossy     do not fail if a rollback loses data
  koonj rehearse --pg 15                 rehearse on PostgreSQL 15, if its server binaries are installed
  koonj rehearse --like production       start from the real schema of this target, not from the earlier files

koonj applies each migration, rolls it back and applies it again on a scratch database, which it creates and
deletes. It compares the catalogs, and records locks, rewrites and scans of each statement. It also runs the
migration and its rollback on rows that it makes up, and compares all contents. It changes no target. The SQL
runs on this machine as your user, and SQL can run programs. With --like, the functions and triggers of that
target run here too; this requires a trusted folder (koonj trust).

verdicts:
  verified      the rollback restores the schema exactly, and the migration can be applied again
  lossy         the rollback restores the schema, but data is lost, or might be
  reordered     the rollback restores the schema with columns in a different order
  incomplete    something remains or is missing after the rollback
  broken        a statement of the migration or its rollback fails
  irreversible  the file declares that it has no rollback
  unknown       it was not rehearsed, or could not be

koonj keeps a verdict until something that it depends on changes.

The scratch server is one that koonj runs itself, or `[scratch] dsn` in koonj.toml.

exit codes: 0 all verified or allowed, 1 an error, such as no scratch server, 2 usage, 6 cancelled,
7 a migration is not verified.
"""

DRIFT = """\
examples:
  koonj drift
  koonj drift --target production --verbose
  koonj drift --json

koonj runs the applied migrations again on a scratch database, in the same order and with the text that ran.
Then it compares the two catalogs, object by object. It only reads the target. A role that can connect is
enough, unless an applied file was edited or is missing: then koonj must read its text from the history.

exit codes: 0 no drift, 1 the comparison failed, 2 usage, 4 drift, 6 cancelled.
"""
SETTLE = """\
examples:
  koonj settle 17                        show what is known about the interruption, and what can be done
  koonj settle 17 --repair               drop the INVALID index, finish the pending detach, …
  koonj settle 17 --again 3              statement 3 is not done; the next run runs it again
  koonj settle 17 --done 3 --reason 'checked: all rows are filled'

Most interruptions need no decision: the catalog shows whether the statement took effect, and the next
`koonj apply` records that, repairs what a half-done statement has left, and continues. koonj asks you only
about a CALL or a DO that commits in parts, and about an INVALID index that was there before the statement.

Each decision is recorded in the history, with what was found on the target and your reason.

exit codes: 0 nothing to decide, or recorded, 1 an error, 2 usage, 4 you must decide,
5 another run holds the koonj lock, or the statement is still at work on the server.
"""

UNBLOCK = """\
examples:
  koonj unblock                          list who holds the koonj lock, and who is in the way of that run
  koonj unblock 16835 --cancel --reason 'the report can run again later'
  koonj unblock 16840 --end --reason 'its machine is gone' --confirm production

koonj ends only a session that is in the way at that moment: it holds the koonj lock, or the run that holds it
waits for it. A server uses pids again, so koonj compares when the session began. Cancelling stops its running
statement; ending it rolls back what it has not committed. Your role needs the rights of the session's role,
or pg_signal_backend. koonj never ends a prepared transaction, and shows the command for it.

Who did it, to which session and why is recorded in the history.

exit codes: 0 listed, or done, 1 an error, or it has not happened after 5 s, 2 usage.
"""

RUNS = """\
examples:
  koonj runs
  koonj runs --json

koonj keeps a journal of each apply and rollback that was confirmed, in $XDG_STATE_HOME/koonj/runs
(~/.local/state). Only your user can read it. A journal is deleted after 30 days, that of a run that failed or
was interrupted after 90 days; koonj keeps 200 of each. A run on several targets has one line,
and below it one for each target.

`no result` means that the process of the run ended early: it was killed, or the machine stopped. The target
knows what is committed: koonj status
"""

ATTACH = """\
examples:
  koonj attach                  follow the run of this folder, or show its last one
  koonj attach 3f2a91c4         follow this run, or show how it ended

Following a run needs no password and no connection to the target. Ctrl-C asks whether to cancel the run or to
leave it running.

exit codes: that of the run (as for `koonj apply`), 1 its process ended without a result, 2 no such run,
8 you left the run, which is still in progress.
"""

HISTORY = """\
examples:
  koonj history                          list all entries, oldest first
  koonj history 16                       list the entries of one migration
  koonj history --limit 20               list the newest 20 entries
  koonj history --by ada --since 7d      what ada did in the last seven days
  koonj history --ended failed --day 2026-08 --json

An entry must match every option. The days are those of this machine's time zone.

exit codes: 0 also if no entry matches, 1 the target cannot be read, 2 wrong arguments.
"""

TUNNEL = """\
examples:
  koonj tunnel production -- psql             psql on the target, through its bastion
  koonj tunnel production -- pg_dump -s       any program that uses libpq
  koonj tunnel production                     keep the tunnel open until Ctrl-C

The program gets PGHOST, PGHOSTADDR, PGPORT and the other PG* variables of the dsn, but no password: libpq
takes it from ~/.pgpass, or the program asks. The tunnel ends with the program, whose exit code is koonj's.
"""

CHECK = """\
examples:
  koonj check
  koonj check --migrations db/migrations --json
  koonj check --format github            annotations of a pull request, in GitHub Actions
  koonj check --format sarif > koonj.sarif
  koonj check --format junit > koonj.xml

If koonj's extra `squawk` is installed, the findings of squawk are shown too, as squawk/NAME. `squawk = false`
below `[checks]` in koonj.toml turns that off.

Each line starts with file:line:column. Notes and most warnings are for your information: they do not change
the exit code.

exit codes: 0 no errors, 1 errors, 2 usage, 4 no other errors, but several files have the same number, or a
file has no `-- Rollback:`.
"""

INIT = """\
Creates koonj.toml in the current folder, and database/migrations unless there is a folder for migrations.
Overwrites nothing.
"""

TRUST = """\
examples:
  koonj trust                     trust the project of the current folder
  koonj trust --remove            do not trust it any more
  koonj trust --remove ~/old      the same for another folder, even if it was deleted
  koonj trust --list              list all trusted folders
  koonj trust --target NAME       accept that the target is another database than before

A rehearsal executes SQL on this machine, and SQL can run programs: the files of a stranger could run their
code as your user. koonj.toml can name commands that print passwords. So koonj runs what a folder contains
only if you trust it. Without trust, koonj shows files, states and problems, and connects without your
passwords. If you run koonj rehearse, it rehearses the files, because you asked for that.

koonj remembers the real path of the folder in $XDG_STATE_HOME/koonj/trusted.json (~/.local/state). It asks
again if the passwords or the scratch server in koonj.toml change. KOONJ_TRUST=1 trusts every folder (for
CI); KOONJ_TRUST=0 trusts none.

The first connection to a target of koonj.toml pins which database it is. If the target is another database
later, status warns, and apply, rollback, settle and unblock change nothing. A restored dump, pg_upgrade and
DROP DATABASE make another database: accept it with --target, after you have looked.
"""
