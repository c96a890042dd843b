"""Rehearse migrations on a scratch database: apply, roll back, apply again."""
