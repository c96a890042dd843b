"""Adopt: record as applied what a target already has, with the evidence for each file."""
