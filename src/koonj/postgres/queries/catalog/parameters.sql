-- Storage parameters of tables and views. The position is that in reloptions, which is also the printed order. The
-- check_option of a view is printed separately.
SELECT NULL, NULL, c.tableoid, c.oid, 'storage parameter', o.prefix || split_part(p.text, '=', 1),
       concat(o.prefix, split_part(p.text, '=', 1), '=', quote_literal(substr(p.text, strpos(p.text, '=') + 1))),
       CASE WHEN p.text ~ '^check_option=' THEN 0 ELSE o.first + p.place END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL
CROSS JOIN LATERAL (VALUES ('', 0, c.reloptions), ('toast.', 1000, t.reloptions)) AS o (prefix, first, texts)
CROSS JOIN LATERAL unnest(o.texts) WITH ORDINALITY AS p (text, place)
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND (c.reloptions IS NOT NULL OR t.reloptions IS NOT NULL)
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
