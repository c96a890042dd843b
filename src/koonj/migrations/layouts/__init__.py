"""Folders of other migration tools: one module for each tool, which koonj only reads."""
