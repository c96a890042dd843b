"""What the screen knows: frozen values without widgets and colours."""
