"""Slow work in the background. Workers post messages and do not touch the screen."""
