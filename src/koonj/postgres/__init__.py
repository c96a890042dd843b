"""All code that sends queries to PostgreSQL."""
