-- Event triggers that run for CREATE, in the order in which they run.
SELECT e.evtname
FROM pg_catalog.pg_event_trigger AS e
WHERE e.evtenabled OPERATOR(pg_catalog.<>) 'D'
  AND e.evtevent OPERATOR(pg_catalog.=) ANY (ARRAY['ddl_command_start', 'ddl_command_end']::pg_catalog.name[])
ORDER BY e.evtname
