-- Subscriptions of this database. Of the connection string, which can contain a password, only a hash is read.
SELECT s.tableoid, s.oid, 'subscription', quote_ident(s.subname),
       concat('CREATE SUBSCRIPTION ', quote_ident(s.subname),
              ' CONNECTION (sha256 ', substr(encode(sha256(convert_to(s.subconninfo, 'UTF8')), 'hex'), 1, 6), '...)',
              ' PUBLICATION ', array_to_string(s.subpublications, ', '),
              ' WITH (slot_name = ', coalesce(s.subslotname, 'NONE'), ', synchronous_commit = ', s.subsynccommit,
              ', binary = ' || s.subbinary::text, ', streaming = ' || s.substream::text, --: 14+
              ', two_phase = ' || (s.subtwophasestate <> 'd')::text, --: 15+
              ', disable_on_error = ' || s.subdisableonerr::text, --: 15+
              ', password_required = ' || s.subpasswordrequired::text, --: 16+
              ', run_as_owner = ' || s.subrunasowner::text, ', origin = ' || s.suborigin, --: 16+
              ', failover = ' || s.subfailover::text, --: 17+
              ')'),
       NULL, NULL, pg_get_userbyid(s.subowner), NULL, NULL
FROM pg_catalog.pg_subscription AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid AND d.datname = current_database()
