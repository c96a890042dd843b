"""Values as styled lines of text. No widget."""
