"""Migrations as files on disk, and what history says of them. No database."""
