"""What a plan means for the target's own tables: locks, sizes, activity, and the gate before it."""
