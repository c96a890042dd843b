"""The catalog of a database as comparable objects."""
