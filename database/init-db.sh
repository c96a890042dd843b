#!/bin/sh
# Makes a local database with the sample's schema: see usage.
set -eu

usage() {
    cat <<'END'
Usage: database/init-db.sh [NAME] [OPTION...]

Without NAME: applies all migrations to the target "local" of koonj.toml (koonj runs that server and makes the database).
With NAME: makes the database NAME on the PostgreSQL of this machine, if it is not there, and applies all migrations to it.
The options go to `koonj apply`. Nothing is asked: a local database is yours.
END
}

fail() {
    echo "init-db.sh: $1" >&2
    exit "${2-1}"
}

name=
case ${1-} in
    -h | --help) usage; exit 0 ;;
    '') [ $# -eq 0 ] || fail "the name of the database is empty" 2 ;;
    -*) ;;
    *[!A-Za-z0-9_-]*) fail "\"$1\" is not a plain name of a database (letters, digits, _ and -)" 2 ;;
    *) name=$1; shift ;;
esac

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
koonj=$root/.venv/bin/koonj
[ -x "$koonj" ] || koonj=$(command -v koonj) || fail "no koonj in $root/.venv/bin nor on PATH: install it first (README.md says how)"
cd -- "$root"

[ -n "$name" ] || exec "$koonj" apply --all --yes --target local "$@"

case ${PGSERVICE:+service}${PGHOSTADDR:-${PGHOST-}} in
    '' | localhost | 127.* | ::1 | /* | @*) ;;
    *) fail "PGHOST, PGHOSTADDR or PGSERVICE lead to another machine; database/run-migrations.sh is for those" ;;
esac
for program in psql createdb; do
    command -v "$program" >/dev/null || fail "no $program on PATH: make the database \"$name\" yourself, then run koonj apply --all --dsn dbname=$name"
done
found=$(psql -X -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = '$name'")
[ -n "$found" ] || createdb --maintenance-db=postgres -- "$name"
exec "$koonj" apply --all --yes --dsn "dbname=$name" "$@"
