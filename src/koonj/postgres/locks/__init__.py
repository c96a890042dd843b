"""Measure which locks, rewrites, scans and changes a statement causes."""
