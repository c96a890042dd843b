"""Run a plan on the target: migrations, history entries, lock, failures, results."""
