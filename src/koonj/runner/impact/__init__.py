"""The impact of a plan on the target's tables: locks, sizes, activity; and the target's policy."""
