-- Constraints of tables and domains. Omitted are constraint triggers, and those that pg_dump prints only for the
-- parent table.
SELECT k.tableoid, k.oid, c.tableoid, c.oid, 'constraint', quote_ident(k.conname),
       concat('CONSTRAINT ', quote_ident(k.conname), ' ', pg_get_constraintdef(k.oid)), 0
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND (k.contype IN ('p', 'u', 'x') OR k.contype = 'f' AND k.conparentid = 0
           OR k.contype = 'c' AND (k.conislocal OR c.relispartition))
UNION ALL
-- NOT NULL constraints with more properties than the column shows. pg_dump prints their names, or prints them
-- separately.
SELECT k.tableoid, k.oid, c.tableoid, c.oid, 'constraint', quote_ident(k.conname), --: 18+
       concat('CONSTRAINT ', quote_ident(k.conname), ' ', pg_get_constraintdef(k.oid)), 0 --: 18+
FROM pg_catalog.pg_constraint AS k --: 18+
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid --: 18+
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace --: 18+
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] --: 18+
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj') --: 18+
      AND k.contype = 'n' AND (k.conislocal OR c.relispartition) --: 18+
      AND (k.conname <> concat(c.relname, '_', a.attname, '_not_null') OR k.connoinherit OR NOT k.convalidated --: 18+
           OR EXISTS (SELECT FROM pg_catalog.pg_description AS d WHERE d.classoid = k.tableoid AND d.objoid = k.oid)) --: 18+
UNION ALL --: 18+
SELECT k.tableoid, k.oid, t.tableoid, t.oid, 'constraint', quote_ident(k.conname),
       concat('CONSTRAINT ', quote_ident(k.conname), ' ', pg_get_constraintdef(k.oid)), 0
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_type AS t ON t.oid = k.contypid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND (k.contype <> 'n' OR k.conname <> concat(t.typname, '_not_null'))
