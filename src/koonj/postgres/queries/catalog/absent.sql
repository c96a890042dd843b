-- Names of the catalog queries that would return no rows. Planning all rare ones costs more than this query.
SELECT name FROM (VALUES
    ('extensions', EXISTS (SELECT FROM pg_catalog.pg_extension WHERE oid >= 16384)),
    ('views', EXISTS (SELECT FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm') AND oid >= 16384)),
    ('types', EXISTS (SELECT FROM pg_catalog.pg_type AS t
                      WHERE t.oid >= 16384 AND (t.typtype IN ('e', 'd', 'r') OR NOT t.typisdefined
                            OR t.typtype = 'b' AND t.typcategory <> 'A'
                            OR t.typtype = 'b' AND NOT EXISTS (
                                SELECT FROM pg_catalog.pg_type AS e WHERE e.oid = t.typelem AND e.typarray = t.oid)
                            OR t.typtype = 'c' AND EXISTS (
                                SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = t.typrelid AND c.relkind = 'c')))),
    ('functions', EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid >= 16384)),
    ('aggregates', EXISTS (SELECT FROM pg_catalog.pg_aggregate WHERE aggfnoid >= 16384)),
    ('statistics', EXISTS (SELECT FROM pg_catalog.pg_statistic_ext)),
    ('publications', EXISTS (SELECT FROM pg_catalog.pg_publication)),
    -- Only some roles can read it, because it contains passwords.
    ('subscriptions', has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT')
                      AND EXISTS (SELECT FROM pg_catalog.pg_subscription)),
    ('event_triggers', EXISTS (SELECT FROM pg_catalog.pg_event_trigger)),
    ('casts', EXISTS (SELECT FROM pg_catalog.pg_cast WHERE oid >= 16384)
              OR EXISTS (SELECT FROM pg_catalog.pg_transform)),
    ('collations', EXISTS (SELECT FROM pg_catalog.pg_collation WHERE oid >= 16384)
                   OR EXISTS (SELECT FROM pg_catalog.pg_conversion WHERE oid >= 16384)),
    ('operators', EXISTS (SELECT FROM pg_catalog.pg_operator WHERE oid >= 16384)
                  OR EXISTS (SELECT FROM pg_catalog.pg_opclass WHERE oid >= 16384)
                  OR EXISTS (SELECT FROM pg_catalog.pg_opfamily WHERE oid >= 16384)),
    ('text_search', EXISTS (SELECT FROM pg_catalog.pg_ts_config WHERE oid >= 16384)
                    OR EXISTS (SELECT FROM pg_catalog.pg_ts_dict WHERE oid >= 16384)
                    OR EXISTS (SELECT FROM pg_catalog.pg_ts_parser WHERE oid >= 16384)
                    OR EXISTS (SELECT FROM pg_catalog.pg_ts_template WHERE oid >= 16384)),
    ('foreign', EXISTS (SELECT FROM pg_catalog.pg_foreign_data_wrapper)),
    ('languages', EXISTS (SELECT FROM pg_catalog.pg_language WHERE oid >= 16384)
                  OR EXISTS (SELECT FROM pg_catalog.pg_am WHERE oid >= 16384)),
    ('parameters', EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid >= 16384 AND reloptions IS NOT NULL)),
    ('triggers', EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal)),
    ('rules', EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE oid >= 16384 AND rulename <> '_RETURN')),
    ('policies', EXISTS (SELECT FROM pg_catalog.pg_policy)),
    ('labels', EXISTS (SELECT FROM pg_catalog.pg_seclabel)),
    ('dependencies', EXISTS (SELECT FROM pg_catalog.pg_depend
                             WHERE refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND deptype = 'x')),
    ('column_grants', EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid >= 16384 AND attacl IS NOT NULL)),
    ('default_privileges', EXISTS (SELECT FROM pg_catalog.pg_default_acl))
) AS t (name, is_there) WHERE NOT is_there
