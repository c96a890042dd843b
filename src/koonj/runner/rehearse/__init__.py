"""Rehearse: every migration run up, down and up again on a scratch database, and what that proves."""
