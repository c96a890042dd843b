SELECT extract(epoch FROM pg_catalog.clock_timestamp())::pg_catalog.float8
