"""The journal of a run, and what one process needs to follow and cancel the run of another."""
