"""Functions that turn values into styled lines of text, without widgets."""
