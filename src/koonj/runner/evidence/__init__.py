"""Find out from the catalog whether a statement outside a transaction took effect."""
