"""The koonj command: arguments, text and JSON output, exit codes."""
