#!/bin/sh
# Applies all pending migrations to a target of koonj.toml: see usage.
set -eu

usage() {
    cat <<'END'
Usage: database/run-migrations.sh TARGET [OPTION...]

Applies all pending migrations to TARGET, a target of koonj.toml. koonj shows the plan and asks first;
--yes answers for you, and without a terminal nothing changes without it. The options go to `koonj apply`.
END
}

case ${1-} in
    -h | --help) usage; exit 0 ;;
    '' | -*) usage >&2; exit 2 ;;
esac
target=$1
shift

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
koonj=$root/.venv/bin/koonj
[ -x "$koonj" ] || koonj=$(command -v koonj) || {
    echo "run-migrations.sh: no koonj in $root/.venv/bin nor on PATH: install it first (README.md says how)" >&2
    exit 1
}
cd -- "$root"
exec "$koonj" apply --all --target "$target" "$@"
