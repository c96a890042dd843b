"""Apply one set of migrations to several targets: in waves, side by side, each as an ordinary run."""
