"""A database's catalog as comparable objects."""
