-- The same tables with rows, analyzed for the planner.
INSERT INTO accounts SELECT n, 'a' || n || '@example.org', 'name ' || n, 'nick ' || n, n % 100, '2020-01-01' FROM generate_series(1, :rows) n;
INSERT INTO documents SELECT n, 1 + n % 100, 1 + n % 10, 'slug ' || n, 'title ' || n, repeat('body ', 20), 1 + n % 9, n % 50, '10.0.0.0/8', '2020-01-01', 1 + n % 5, 'l' || n, ROW ('s', 't')::address, 'calm', '{}' FROM generate_series(1, :rows) n;
INSERT INTO notes SELECT n, n, 'text ' || n FROM generate_series(1, :rows) n;
INSERT INTO plain SELECT n, 'label ' || n, 'extra' FROM generate_series(1, :rows) n;
INSERT INTO bare SELECT n, 'note ' || n FROM generate_series(1, :rows) n;
INSERT INTO cache SELECT n, 'value ' || n FROM generate_series(1, :rows) n;
INSERT INTO bookings SELECT n, int4range(2 * n, 2 * n + 1) FROM generate_series(1, :rows) n;
INSERT INTO clustered SELECT n, 'town ' || (n * 7919) % 1000 FROM generate_series(1, :rows) n;
INSERT INTO things SELECT n, 'thing ' || n FROM generate_series(1, :rows) n;
INSERT INTO tools SELECT n, 'tool ' || n, n FROM generate_series(1, :rows) n;
INSERT INTO events SELECT n, date '2019-06-01' + n % 1000, 'what ' || n FROM generate_series(1, :rows) n WHERE n % 1000 NOT BETWEEN 940 AND 1000;
INSERT INTO events_2022 SELECT n, '2022-05-01', 'what ' || n FROM generate_series(1, :rows) n;
INSERT INTO logs SELECT n, CASE WHEN n % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, :rows) n;
INSERT INTO logs_c SELECT n, 'c' FROM generate_series(1, :rows) n;
REFRESH MATERIALIZED VIEW totals;
ANALYZE;
