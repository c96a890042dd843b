"""All that sends a query to PostgreSQL."""
