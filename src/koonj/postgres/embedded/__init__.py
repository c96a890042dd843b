"""A PostgreSQL server that koonj runs for you, from a folder of binaries."""
