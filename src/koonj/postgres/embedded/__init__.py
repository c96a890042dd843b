"""Run a PostgreSQL server from a folder of server binaries."""
