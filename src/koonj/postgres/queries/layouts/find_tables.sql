-- Tables with the names that a tool gives to its history, in all schemas, and why each may not be read. Reads the
-- catalog only, so it runs no code of another role.
WITH found AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.relname OPERATOR(pg_catalog.=) ANY (%(names)s::pg_catalog.name[])
      AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,v,m,f,p}'::pg_catalog."char"[])
      AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
),
-- include trusted_roles
-- What PostgreSQL evaluates when it plans or reads a SELECT. Defaults and triggers are not among it.
findings (oid, what) AS (
    SELECT f.oid, 'is not an ordinary table' FROM found AS f WHERE f.relkind OPERATOR(pg_catalog.<>) 'r'
    UNION ALL
    SELECT f.oid, 'has row-level security' FROM found AS f WHERE f.relrowsecurity OR f.relforcerowsecurity
    UNION ALL
    SELECT f.oid, 'has a rule'
    FROM found AS f
    JOIN pg_catalog.pg_rewrite AS r ON r.ev_class OPERATOR(pg_catalog.=) f.oid
    UNION ALL
    SELECT f.oid, 'has tables that inherit from it'
    FROM found AS f
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent OPERATOR(pg_catalog.=) f.oid
    UNION ALL
    SELECT f.oid, 'has an index with an expression or a condition'
    FROM found AS f
    JOIN pg_catalog.pg_index AS i ON i.indrelid OPERATOR(pg_catalog.=) f.oid
    WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT f.oid, 'has extended statistics'
    FROM found AS f
    JOIN pg_catalog.pg_statistic_ext AS s ON s.stxrelid OPERATOR(pg_catalog.=) f.oid
    UNION ALL
    SELECT f.oid, 'has a generated column'
    FROM found AS f
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) f.oid
    WHERE a.attgenerated OPERATOR(pg_catalog.<>) '' AND NOT a.attisdropped
    UNION ALL
    SELECT f.oid, 'has a CHECK that calls a function'
    FROM found AS f
    JOIN pg_catalog.pg_constraint AS k ON k.conrelid OPERATOR(pg_catalog.=) f.oid
    WHERE k.contype OPERATOR(pg_catalog.=) 'c'
      AND k.conbin::pg_catalog.text OPERATOR(pg_catalog.~~) '%%{FUNCEXPR%%'
    UNION ALL
    SELECT f.oid, 'belongs to role ' OPERATOR(pg_catalog.||) pg_catalog.pg_get_userbyid(f.relowner)::pg_catalog.text
    FROM found AS f
    WHERE f.relowner OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT t.oid FROM trusted AS t))
)
SELECT f.nspname::pg_catalog.text,
       f.relname::pg_catalog.text,
       f.nspname OPERATOR(pg_catalog.=) pg_catalog.current_schema(),
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false)
           AND coalesce(pg_catalog.has_table_privilege(f.oid, 'SELECT'), false),
       ARRAY(SELECT g.what FROM findings AS g WHERE g.oid OPERATOR(pg_catalog.=) f.oid)::pg_catalog.text[],
       ARRAY(
           SELECT a.attname::pg_catalog.text
           FROM pg_catalog.pg_attribute AS a
           WHERE a.attrelid OPERATOR(pg_catalog.=) f.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
           ORDER BY a.attnum
       ),
       -- Types of PostgreSQL by their name; those of users with their schema, so that none is taken for another.
       ARRAY(
           SELECT CASE WHEN m.nspname OPERATOR(pg_catalog.=) 'pg_catalog' THEN t.typname::pg_catalog.text
                       ELSE m.nspname::pg_catalog.text OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) t.typname::pg_catalog.text
                  END
           FROM pg_catalog.pg_attribute AS a
           JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
           JOIN pg_catalog.pg_namespace AS m ON m.oid OPERATOR(pg_catalog.=) t.typnamespace
           WHERE a.attrelid OPERATOR(pg_catalog.=) f.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
           ORDER BY a.attnum
       )
FROM found AS f
JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) f.nspname
ORDER BY f.nspname, f.relname
