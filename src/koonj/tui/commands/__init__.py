"""Commands: one class per command, and the keymap."""
