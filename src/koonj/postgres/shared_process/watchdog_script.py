"""The watchdog of a shared process: a shell script that ends it when no process holds the pipe open."""

_WATCH = """
signal=$1 answer=$2; shift 2
"$@" 3<&- & server=$!
{ while read -r _ <&3; do true >"$answer"; done; kill -s "$signal" "$server"; } & watch=$!
exec 3<&-
wait "$server"; status=$?
kill "$watch"
exit "$status"
"""
_KEEP_PIPE = "exec 3<&0 </dev/null\n"  # sh disconnects the standard input of a background job
FOREGROUND = _KEEP_PIPE + _WATCH
"""Arguments: the signal, the file that answers a line from the pipe, the command of the process.

Standard input is the pipe. The process is the child of a shell that waits for it; a second shell reads the
pipe. So the end of the process ends the watchdog, and the end of the pipe ends the process. If one shell is
killed, the other one still does its part.
"""
BACKGROUND = _KEEP_PIPE + "{" + _WATCH + "} &\n"
"""The same, but the watchdog is no child of the process that starts it."""
