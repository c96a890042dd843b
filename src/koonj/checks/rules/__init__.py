"""The safety rules, one module for each idea."""
