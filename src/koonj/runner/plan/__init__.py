"""Plan a run: migrations, their order, conflicts and decisions."""
