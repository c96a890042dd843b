-- After the rollback of the first migration the table is empty. While it runs outside a transaction, it has the version
-- -1 and the mark (dirty).
DELETE FROM {table}
WHERE CASE WHEN dirty THEN version OPERATOR(pg_catalog.=) -1
           ELSE version OPERATOR(pg_catalog.=) %(version)s
      END
