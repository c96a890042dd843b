"""Scratch servers: where a rehearsal may do whatever a migration says."""
