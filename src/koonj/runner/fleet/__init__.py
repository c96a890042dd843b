"""Apply or roll back migrations on several targets: in waves, side by side, each as an ordinary run."""
