"""Plan a run: which migrations, in which order, with which conflicts and decisions."""
