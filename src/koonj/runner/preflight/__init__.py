"""Ask a target, before a run, which of its rows the migrations will refuse."""
