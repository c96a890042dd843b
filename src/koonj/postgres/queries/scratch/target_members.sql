-- Memberships in roles. Since 16, a membership can be without INHERIT.
SELECT g.rolname,
       m.rolname,
       a.admin_option,
       coalesce((pg_catalog.to_jsonb(a) OPERATOR(pg_catalog.->>) 'inherit_option')::pg_catalog.bool, m.rolinherit)
FROM pg_catalog.pg_auth_members AS a
JOIN pg_catalog.pg_roles AS g ON g.oid OPERATOR(pg_catalog.=) a.roleid
JOIN pg_catalog.pg_roles AS m ON m.oid OPERATOR(pg_catalog.=) a.member
WHERE m.rolname OPERATOR(pg_catalog.!~) '^pg_'
ORDER BY 1, 2
