"""What statements lock, rewrite, scan and change: measured on a scratch database, never guessed."""
