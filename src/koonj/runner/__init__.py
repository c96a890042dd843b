"""Plan, apply, roll back, rehearse and compare, as values and events. Prints nothing, knows no colours."""
