"""The impact of a plan on the target's tables, and the target's policy."""
