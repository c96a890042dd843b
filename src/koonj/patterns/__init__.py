"""Create migrations from patterns. Each pattern is one SQL file."""
