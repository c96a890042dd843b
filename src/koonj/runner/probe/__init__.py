"""Run migrations on the target in one transaction that is always rolled back."""
