-- The versions that an old Supabase CLI has recorded; it stored neither names nor statements.
SELECT version::pg_catalog.text, NULL, NULL FROM {table} ORDER BY 1
