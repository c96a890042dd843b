-- title: Add a row-level security policy
-- group: Access
-- place: 5
-- words: rls, row security, tenant, permissions
-- about: A policy decides which rows a role sees and changes. Row-level security hides every row for which no policy
--        says yes, so the policy comes first and the switch second, in one transaction. The owner of the table, superusers
--        and roles with BYPASSRLS are not restricted.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: condition
--   kind: expression
--   example: owner = current_user
--   help: A condition on the columns of a row.
-- field: command
--   kind: choice
--   choices: ALL | SELECT | INSERT | UPDATE | DELETE
--   default: ALL
-- field: role
--   kind: name
--   catalog: role
--   required: no
--   example: app_user
--   help: If empty, the policy is for all roles.
-- field: enable
--   label: Switch on
--   kind: choice
--   choices: yes | no
--   default: yes
--   help: No if the table has row-level security already.
-- field: policy
--   label: Policy name
--   kind: name
--   catalog: new policy of table
--   default: {{table.name}}_policy
--
-- migration: add_{{policy}}
-- Policy {{policy}}: {{command}} on {{table}}{{#role}} for {{role}}{{/role}}, only where {{condition}}.
-- {{#enable}}
-- From here on, rows for which no policy says yes are hidden from everybody but the owner of the table.
-- {{/enable}}
BEGIN;

CREATE POLICY {{policy}} ON {{table}}
    FOR {{command}}{{#role}} TO {{role}}{{/role}}
    {{#command=INSERT}}WITH CHECK{{/command}}{{^command=INSERT}}USING{{/command}} ({{condition}});
-- {{#enable}}
ALTER TABLE {{table}} ENABLE ROW LEVEL SECURITY;
-- {{/enable}}

COMMIT;

-- Rollback:
-- BEGIN;
-- {{#enable}}
-- ALTER TABLE {{table}} DISABLE ROW LEVEL SECURITY;
-- {{/enable}}
-- DROP POLICY {{policy}} ON {{table}};
-- COMMIT;
