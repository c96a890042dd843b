"""The pattern palette: one file a pattern."""
