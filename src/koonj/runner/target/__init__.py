"""Read what a target holds now: the state of each migration and its history."""
