"""Read a target: the state of each migration, and its history."""
