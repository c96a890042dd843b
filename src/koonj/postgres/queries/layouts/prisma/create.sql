-- The table as prisma makes it. It refuses to if the schema has tables already (P3005), because they are then not of its
-- migrations. The schema is the current one.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE n.nspname OPERATOR(pg_catalog.=) pg_catalog.current_schema()
          AND c.relkind OPERATOR(pg_catalog.=) 'r'
    ) THEN
        RAISE EXCEPTION 'the schema has tables, and prisma migrate deploy refuses such a schema (P3005)'
            USING HINT = 'Tell prisma which migrations these tables have: prisma migrate resolve --applied NAME';
    END IF;
END
$$;
CREATE TABLE {table} (
    id varchar(36) PRIMARY KEY NOT NULL,
    checksum varchar(64) NOT NULL,
    finished_at timestamptz,
    migration_name varchar(255) NOT NULL,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
)
