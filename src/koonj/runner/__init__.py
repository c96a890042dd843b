"""What is done to a target, as values and events. Prints nothing, knows no colour."""
