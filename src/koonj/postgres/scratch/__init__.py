"""Scratch servers: the servers and databases where rehearsals run."""
