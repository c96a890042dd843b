-- For the current transaction: a policy that would hide rows is an error, and a view that has taken the place of the
-- table since it was inspected is not read. The second setting exists in minor versions since August 2024.
SELECT pg_catalog.set_config('row_security', 'off', true),
       CASE WHEN pg_catalog.current_setting('restrict_nonsystem_relation_kind', true) IS NOT NULL
            THEN pg_catalog.set_config('restrict_nonsystem_relation_kind', 'view, foreign-table', true)
       END
