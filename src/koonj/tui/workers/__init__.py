"""Slow work in the background: each worker posts messages and touches no screen."""
