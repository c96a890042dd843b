SELECT coalesce(pg_catalog.max(id), 0) FROM koonj.history
