"""Run a plan on the target: migrations, history entries, the koonj lock, failures and results."""
