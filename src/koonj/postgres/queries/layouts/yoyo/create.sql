-- The tables as yoyo 6 to 9 make them. The row in {version} says which form they have.
CREATE TABLE IF NOT EXISTS {lock} (locked int DEFAULT 1, ctime timestamp, pid int NOT NULL, PRIMARY KEY (locked));
CREATE TABLE IF NOT EXISTS {log} (
    id varchar(36),
    migration_hash varchar(64),
    migration_id varchar(255),
    operation varchar(10),
    username varchar(255),
    hostname varchar(255),
    comment varchar(255),
    created_at_utc timestamp,
    PRIMARY KEY (id)
);
CREATE TABLE IF NOT EXISTS {version} (version int NOT NULL PRIMARY KEY, installed_at_utc timestamp);
CREATE TABLE IF NOT EXISTS {table} (
    migration_hash varchar(64),
    migration_id varchar(255),
    applied_at_utc timestamp,
    PRIMARY KEY (migration_hash)
);
INSERT INTO {version}
SELECT 2, pg_catalog.timezone('UTC', pg_catalog.clock_timestamp()) WHERE NOT EXISTS (SELECT FROM {version})
