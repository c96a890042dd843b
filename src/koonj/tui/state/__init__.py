"""State of the screen: frozen values without widgets and colours."""
