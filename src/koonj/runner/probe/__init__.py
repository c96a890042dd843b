"""Run migrations on the target in a transaction that is always rolled back."""
