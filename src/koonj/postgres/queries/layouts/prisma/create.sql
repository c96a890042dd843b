-- The table as prisma makes it. It refuses to if the schema has tables already (P3005), because they are then not of its
-- migrations. The schema is found by the new table, which this transaction has made: the search_path can be another.
CREATE TABLE {table} (
    id varchar(36) PRIMARY KEY NOT NULL,
    checksum varchar(64) NOT NULL,
    finished_at timestamptz,
    migration_name varchar(255) NOT NULL,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
);
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_class AS made
        JOIN pg_catalog.pg_class AS other ON other.relnamespace OPERATOR(pg_catalog.=) made.relnamespace
        WHERE made.relname OPERATOR(pg_catalog.=) '_prisma_migrations'
          AND made.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid
          AND other.relkind OPERATOR(pg_catalog.=) 'r'
          AND other.oid OPERATOR(pg_catalog.<>) made.oid
    ) THEN
        RAISE EXCEPTION 'the schema has tables, and prisma migrate deploy refuses such a schema (P3005)'
            USING HINT = 'Tell prisma which migrations these tables have: prisma migrate resolve --applied NAME';
    END IF;
END
$$
