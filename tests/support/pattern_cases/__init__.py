"""Cases of koonj's own patterns, one module for each group, and what they are tried with."""
