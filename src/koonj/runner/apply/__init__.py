"""Run a plan on the target: each migration, its history entries, and what an interruption leaves."""
