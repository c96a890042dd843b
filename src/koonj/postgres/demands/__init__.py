"""What a migration demands of rows that exist: read from the catalog of scratch around each statement."""
