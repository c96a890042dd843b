-- Everything about schema koonj and its tables through which a read or a write could run somebody else's code.
-- Reads the catalog only, so it runs no such code itself, and works for a role without USAGE on the schema.
-- One row is about the schema, and one about each table that exists; further rows are findings. A row of kind
-- 'errors' is none: it says whether this role can read error texts. Not every reader of the history can, because they
-- can contain data.
WITH own AS (
    SELECT n.nspowner, c.oid AS relation, c.relname, c.relowner, c.relkind, c.relforcerowsecurity, c.relacl
    FROM pg_catalog.pg_namespace AS n
    LEFT JOIN pg_catalog.pg_class AS c
        ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
       AND c.relname OPERATOR(pg_catalog.=) ANY ('{history,statement}'::pg_catalog.name[])
    WHERE n.nspname OPERATOR(pg_catalog.=) 'koonj'
),
-- include trusted_roles
-- Columns of this version, by table. Columns of later versions are accepted if their type belongs to PostgreSQL.
known (relation, name, type) AS (
    VALUES ('history', 'id', 'pg_catalog.int8'::pg_catalog.regtype),
           ('history', 'name', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'action', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'outcome', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'script', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'file_hash', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'statements_hash', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'rollback_hash', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'statements_done', 'pg_catalog.int4'::pg_catalog.regtype),
           ('history', 'statements_total', 'pg_catalog.int4'::pg_catalog.regtype),
           ('history', 'started', 'pg_catalog.timestamptz'::pg_catalog.regtype),
           ('history', 'finished', 'pg_catalog.timestamptz'::pg_catalog.regtype),
           ('history', 'reason', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'allowed', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'error', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'sqlstate', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'transaction_id', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'database_role', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'os_user', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'host', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'version', 'pg_catalog.text'::pg_catalog.regtype),
           ('history', 'run_id', 'pg_catalog.uuid'::pg_catalog.regtype),
           ('statement', 'entry_id', 'pg_catalog.int8'::pg_catalog.regtype),
           ('statement', 'index', 'pg_catalog.int4'::pg_catalog.regtype),
           ('statement', 'statement_hash', 'pg_catalog.text'::pg_catalog.regtype),
           ('statement', 'sent', 'pg_catalog.timestamptz'::pg_catalog.regtype),
           ('statement', 'backend_pid', 'pg_catalog.int4'::pg_catalog.regtype),
           ('statement', 'backend_start', 'pg_catalog.timestamptz'::pg_catalog.regtype),
           ('statement', 'before', 'pg_catalog.jsonb'::pg_catalog.regtype),
           ('statement', 'state', 'pg_catalog.text'::pg_catalog.regtype),
           ('statement', 'evidence', 'pg_catalog.text'::pg_catalog.regtype),
           ('statement', 'reason', 'pg_catalog.text'::pg_catalog.regtype),
           ('statement', 'run_id', 'pg_catalog.uuid'::pg_catalog.regtype)
),
-- Parts of the table that PostgreSQL evaluates, or calls, when it plans, reads or writes.
parts (relation, kind, name, classid, objid) AS (
    SELECT o.relname, 'default', a.attname, 'pg_catalog.pg_attrdef'::pg_catalog.regclass, f.oid
    FROM own AS o
    JOIN pg_catalog.pg_attrdef AS f ON f.adrelid OPERATOR(pg_catalog.=) o.relation
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid OPERATOR(pg_catalog.=) o.relation AND a.attnum OPERATOR(pg_catalog.=) f.adnum
    UNION ALL
    SELECT o.relname, 'constraint', k.conname, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
    FROM own AS o
    JOIN pg_catalog.pg_constraint AS k ON k.conrelid OPERATOR(pg_catalog.=) o.relation
    UNION ALL
    SELECT o.relname, 'index', c.relname, 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid
    FROM own AS o
    JOIN pg_catalog.pg_index AS i ON i.indrelid OPERATOR(pg_catalog.=) o.relation
    JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
)
SELECT DISTINCT NULL::pg_catalog.name AS relation, 'schema' AS kind, NULL::pg_catalog.name AS name, pg_catalog.pg_get_userbyid(o.nspowner) AS owner,
       EXISTS (SELECT FROM trusted AS t WHERE t.oid OPERATOR(pg_catalog.=) o.nspowner) AS trusted
FROM own AS o
UNION ALL
SELECT o.relname, 'table', NULL, pg_catalog.pg_get_userbyid(o.relowner),
       EXISTS (SELECT FROM trusted AS t WHERE t.oid OPERATOR(pg_catalog.=) o.relowner)
FROM own AS o
WHERE o.relation IS NOT NULL
UNION ALL
SELECT o.relname, 'errors', NULL, NULL, pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM own AS o
JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) o.relation
WHERE a.attname OPERATOR(pg_catalog.=) 'error' AND NOT a.attisdropped
UNION ALL
SELECT o.relname, 'relation', NULL, o.relkind::pg_catalog.name, false
FROM own AS o
WHERE o.relkind OPERATOR(pg_catalog.<>) 'r'
UNION ALL
SELECT o.relname, 'trigger', t.tgname, NULL, false
FROM own AS o
JOIN pg_catalog.pg_trigger AS t ON t.tgrelid OPERATOR(pg_catalog.=) o.relation
UNION ALL
SELECT o.relname, 'rule', r.rulename, NULL, false
FROM own AS o
JOIN pg_catalog.pg_rewrite AS r ON r.ev_class OPERATOR(pg_catalog.=) o.relation
UNION ALL
SELECT o.relname, 'policy', p.polname, NULL, false
FROM own AS o
JOIN pg_catalog.pg_policy AS p ON p.polrelid OPERATOR(pg_catalog.=) o.relation
UNION ALL
SELECT o.relname, 'forced', NULL, NULL, false
FROM own AS o
WHERE o.relforcerowsecurity
UNION ALL
SELECT o.relname, 'inheritance', c.relname, NULL, false
FROM own AS o
JOIN pg_catalog.pg_inherits AS i
    ON i.inhrelid OPERATOR(pg_catalog.=) o.relation OR i.inhparent OPERATOR(pg_catalog.=) o.relation
JOIN pg_catalog.pg_class AS c
    ON (c.oid OPERATOR(pg_catalog.=) i.inhrelid OR c.oid OPERATOR(pg_catalog.=) i.inhparent)
   AND c.oid OPERATOR(pg_catalog.<>) o.relation
UNION ALL
SELECT o.relname, CASE WHEN a.attgenerated OPERATOR(pg_catalog.<>) '' THEN 'generated' ELSE 'default' END, a.attname, NULL, false
FROM own AS o
JOIN pg_catalog.pg_attrdef AS f ON f.adrelid OPERATOR(pg_catalog.=) o.relation
JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid OPERATOR(pg_catalog.=) o.relation AND a.attnum OPERATOR(pg_catalog.=) f.adnum
WHERE a.attname OPERATOR(pg_catalog.<>) 'database_role'
   OR a.attgenerated OPERATOR(pg_catalog.<>) ''
   OR pg_catalog.pg_get_expr(f.adbin, f.adrelid) OPERATOR(pg_catalog.<>) 'CURRENT_USER'
UNION ALL
SELECT o.relname, 'type', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)::pg_catalog.name, false
FROM own AS o
JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) o.relation
JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
LEFT JOIN known AS k
    ON k.relation OPERATOR(pg_catalog.=) o.relname AND k.name OPERATOR(pg_catalog.=) a.attname
WHERE a.attnum OPERATOR(pg_catalog.>) 0
  AND NOT a.attisdropped
  AND (n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' OR k.type OPERATOR(pg_catalog.<>) a.atttypid)
UNION ALL
-- CHECKs of koonj only compare, and so contain no function call. A function of PostgreSQL itself can run any SQL
-- (query_to_xml), and pg_depend does not show it. Constraints of other kinds act through a trigger or an index.
SELECT o.relname, 'constraint', k.conname, NULL, false
FROM own AS o
JOIN pg_catalog.pg_constraint AS k ON k.conrelid OPERATOR(pg_catalog.=) o.relation
WHERE k.contype OPERATOR(pg_catalog.=) 'c'
  AND k.conbin::pg_catalog.text OPERATOR(pg_catalog.~~) '%{FUNCEXPR%'
UNION ALL
SELECT o.relname, 'index', c.relname, NULL, false
FROM own AS o
JOIN pg_catalog.pg_index AS i ON i.indrelid OPERATOR(pg_catalog.=) o.relation
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
WHERE i.indexprs IS NOT NULL
   OR i.indpred IS NOT NULL
UNION ALL
-- Parts that use an object of a user. PostgreSQL records no dependency on its own objects.
SELECT DISTINCT p.relation, p.kind, p.name, NULL::pg_catalog.name, false
FROM parts AS p
JOIN pg_catalog.pg_depend AS d
    ON d.classid OPERATOR(pg_catalog.=) p.classid AND d.objid OPERATOR(pg_catalog.=) p.objid
WHERE d.refclassid OPERATOR(pg_catalog.<>) ALL (ARRAY[
    'pg_catalog.pg_class'::pg_catalog.regclass,
    'pg_catalog.pg_constraint'::pg_catalog.regclass,
    'pg_catalog.pg_namespace'::pg_catalog.regclass
]::pg_catalog.oid[])
UNION ALL
-- The planner evaluates the expressions of statistics.
SELECT o.relname, 'statistics', s.stxname, NULL, false
FROM own AS o
JOIN pg_catalog.pg_statistic_ext AS s ON s.stxrelid OPERATOR(pg_catalog.=) o.relation
UNION ALL
-- Roles that could create a trigger between this check and a write. Oid 0 is PUBLIC.
SELECT o.relname, 'grant', coalesce(r.rolname, 'PUBLIC'), NULL, false
FROM own AS o
CROSS JOIN pg_catalog.aclexplode(o.relacl) AS g
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) g.grantee
WHERE g.privilege_type OPERATOR(pg_catalog.=) 'TRIGGER'
  AND g.grantee OPERATOR(pg_catalog.<>) o.relowner
  AND g.grantee OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT t.oid FROM trusted AS t))
